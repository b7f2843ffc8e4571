// How a process and a worker end after a step on another thread. Node releases differ here: `npm run test:releases` runs this on each.
import { runScript } from "./helpers/script";

/** An array of `length` floats in each kind of memory that a caller may have. */
const memory: [string, string][] = [
  ["ordinary memory", "new Float32Array(length)"],
  ["ordinary memory of whole WebAssembly pages", "new Float32Array(new ArrayBuffer(4 * 65536), 0, length)"],
  ["cpu.allocate", "adabelief.cpu.allocate(length)"],
  ["a SharedArrayBuffer", "new Float32Array(new SharedArrayBuffer(4 * length))"],
  ["WebAssembly memory", "new Float32Array(new WebAssembly.Memory({ initial: 4 }).buffer, 0, length)"],
  [
    "shared WebAssembly memory",
    "new Float32Array(new WebAssembly.Memory({ initial: 4, maximum: 8, shared: true }).buffer, 0, length)",
  ],
  ["a Buffer", "new Float32Array(Buffer.alloc(4 * length).buffer, 0, length)"],
  ["a Buffer from Node's pool", "new Float32Array(Buffer.from('pool').buffer, 256 * (places += 1), length = 16)"],
  ["a cloned buffer", "structuredClone(new Float32Array(length))"],
  ["a marked buffer", "(a => (require('node:worker_threads').markAsUntransferable(a.buffer), a))(new Float32Array(length))"],
];

/** What a program does after the step, as its last act. */
const endings: [string, string][] = [
  ["returns", ""],
  ["disposes of the optimizer", "optimizer.dispose();"],
  ["is garbage collected", "optimizer = p = state = null; gc();"],
  ["calls process.exit", "process.exit(0);"],
  ["calls process.exit during a step", "optimizer.stepAsync(); process.exit(0);"],
  ["starts a step and returns", "void optimizer.stepAsync();"],
  ["takes a state dict", "optimizer.stateDict(); new adabelief.AdaBelief([p]).loadStateDict(optimizer.stateDict());"],
  ["is refused a transfer of the state", "try { structuredClone(0, { transfer: [state.buffer] }); } catch {}"],
  ["is refused a message with the state", "try { new MessageChannel().port1.postMessage(0, [state.buffer]); } catch {}"],
  ["posts a copy of the state", "const { port1 } = new MessageChannel(); port1.postMessage(state); port1.close();"],
  ["detaches the state", "state.buffer.transfer?.();"],
];

const program = (array: string, ending: string) => `
  (async () => {
    let length = 50000, places = 0;
    const make = () => ${array};
    let p = adabelief.parameter(make(), { grad: make() });
    let optimizer = new adabelief.AdaBelief([p]);
    require("node:fs").writeSync(1, (await optimizer.stepAsync()).updated + " updated");
    let state = optimizer.state.get(p).exp_avg;
    ${ending}
  })();`;

const inWorker = (code: string) => `
  const { Worker } = require("node:worker_threads");
  const worker = new Worker("const adabelief = require(process.cwd());" + ${JSON.stringify(code)}, { eval: true });
  worker.on("exit", (code) => (process.exitCode = code));`;

function expectToEndWell(code: string, printed = ""): void {
  const { status, signal, stdout, stderr } = runScript(code, { flags: ["--expose-gc"] });
  expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: printed, stderr: "" });
}

describe.each([
  ["a program", (code: string) => code],
  ["a worker", inWorker],
])("after stepAsync, %s ends well", (_, wrap) => {
  it.each(memory)("where its arrays are in %s", (_, array) => expectToEndWell(wrap(program(array, "")), "1 updated"));
  it.each(endings)("where it %s", (_, ending) => {
    expectToEndWell(wrap(program("adabelief.cpu.allocate(length)", ending)), "1 updated");
  });
});

describe("a worker that is terminated during steps on another thread", () => {
  const long = 3e6; // so that steps run in the background
  const cases = [
    ...memory.slice(0, 3).map(([title, array]) => [title, 50_000, array] as const),
    ...[0, 2, 3].map((k) => [memory[k]?.[0], long, memory[k]?.[1]] as const),
  ];
  it.each(cases)("leaves the process in order, with %s of %i elements", (_, length, array) => {
    expectToEndWell(`
      const { Worker } = require("node:worker_threads");
      const source = "const adabelief = require(process.cwd()); const length = ${length}; const make = () => " + ${JSON.stringify(array)}
        + "; const optimizer = new adabelief.AdaBelief([adabelief.parameter(make(), { grad: make() })]);"
        + "(async () => { for (;;) { const step = optimizer.stepAsync();"
        + "require('node:worker_threads').parentPort.postMessage(0); await step; } })();";
      (async () => {
        for (let i = 0; i < 5; ++i) {
          const worker = new Worker(source, { eval: true });
          await new Promise((resolve) => worker.once("message", resolve));
          await worker.terminate();
        }
      })();`);
  });
});

describe("WebAssembly memory that a step used", () => {
  it("can grow afterwards", () => {
    const code = `
      (async () => {
        const memory = new WebAssembly.Memory({ initial: 2, maximum: 4 });
        const grad = new Float32Array(memory.buffer, 65536, 16384).fill(1);
        const optimizer = new adabelief.AdaBelief([{ data: new Float32Array(memory.buffer, 0, 16384), grad }]);
        await optimizer.stepAsync();
        memory.grow(1);
        const written = new Float32Array(memory.buffer, 0, 16384);
        console.log(written[0] < 0 && written.every((value) => value === written[0]));
      })();`;
    expectToEndWell(code, "true\n");
  });
});
