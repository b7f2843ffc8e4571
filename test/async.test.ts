import { AdaBelief, accumulate, cpu, parameter, update, type Parameter, fromBFloat16, toFloat16 } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { resultOf, runScript } from "./helpers/script";
import { thrownBy } from "./helpers/snapshot";

const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + phase));
const make = (length = 60_000): Parameter & { grad: Float32Array } => ({ data: wave(length, 1), grad: wave(length, 2) });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error as { code?: string }).code,
  );

describe("stepAsync", () => {
  it.each([1, 2, 5])("has the bits of step, and its report, on %d threads", async (threads) => {
    const before = cpu.threads;
    try {
      cpu.threads = threads;
      const [here, there] = [make(), make()];
      const [sync, async] = [new AdaBelief([here], { rectify: true }), new AdaBelief([there], { rectify: true })];
      for (let step = 0; step < 10; ++step) expect(await async.stepAsync()).toEqual(sync.step());
      expectSameBits(there.data, here.data, "data");
      expect(async.state.get(there)?.step).toBe(10);
    } finally {
      cpu.threads = before;
    }
  });

  it("leaves the state undefined until the first one is done", async () => {
    const p = make();
    const optimizer = new AdaBelief([p]);
    const promise = optimizer.stepAsync();
    expect(optimizer.state.get(p)).toBeUndefined();
    await promise;
    expect(optimizer.state.get(p)?.step).toBe(1);
  });

  it("resolves at once where no parameter has a gradient", async () => {
    const optimizer = new AdaBelief([parameter(new Float32Array(3))]);
    expect(await optimizer.stepAsync()).toEqual({ updated: 0, skipped: false });
  });

  describe("leases what it uses: meanwhile it refuses", () => {
    it.each<[string, (optimizer: AdaBelief) => unknown]>([
      ["step", (o) => o.step()],
      ["zeroGrad", (o) => o.zeroGrad()],
      ["stateDict", (o) => o.stateDict()],
      ["loadStateDict", (o) => o.loadStateDict({ state: {}, param_groups: [] })],
      ["reset", (o) => o.reset()],
      ["addParamGroup", (o) => o.addParamGroup({ params: [parameter(new Float32Array(1))] })],
      ["dispose", (o) => o.dispose()],
      ["another backend", () => (cpu.backend = "scalar")],
      ["another number of threads", () => (cpu.threads = 1)],
    ])("%s: ERR_BUSY", async (_, act) => {
      const [p, q] = [make(), make()];
      const optimizer = new AdaBelief([p]);
      const promise = optimizer.stepAsync();
      expect(thrownBy(() => act(optimizer))).toMatchObject({ code: "ERR_BUSY" });
      await promise;
      new AdaBelief([q]).step();
      expectSameBits(p.data, q.data, "after the refusal");
      expect(optimizer.step().updated).toBe(1);
    });

    it("a second stepAsync: its promise is rejected with ERR_BUSY", async () => {
      const optimizer = new AdaBelief([make()]);
      const promise = optimizer.stepAsync();
      expect(await codeOf(optimizer.stepAsync())).toBe("ERR_BUSY");
      expect((await promise).updated).toBe(1);
    });

    const others: [string, (p: Parameter & { grad: Float32Array }) => unknown][] = [
      [
        "a step of another optimizer over the same parameter",
        ({ data }) => new AdaBelief([{ data, grad: wave(data.length, 0) }]).step(),
      ],
      [
        "a step of another optimizer that writes its gradient",
        ({ grad }) => new AdaBelief([{ data: grad, grad: wave(grad.length, 0) }]).step(),
      ],
      [
        "a step of another optimizer whose gradient it writes",
        ({ data }) => new AdaBelief([{ data: wave(data.length, 0), grad: data }]).step(),
      ],
      [
        "an update over its parameter",
        ({ data }) =>
          update({ data, grad: wave(data.length, 0), exp_avg: wave(data.length, 0), exp_avg_var: wave(data.length, 0), step: 1 }),
      ],
      [
        "zeroGrad of another optimizer with the same gradient",
        ({ grad }) => new AdaBelief([{ data: wave(grad.length, 0), grad }]).zeroGrad(),
      ],
      ["accumulate into its gradient", ({ grad }) => accumulate(grad, [wave(grad.length, 0)])],
      ["fromBFloat16 into its parameter", ({ data }) => fromBFloat16(new Uint16Array(data.length), data)],
      ["toFloat16 of its parameter", ({ data }) => toFloat16(data)],
    ];
    it.each(others)("%s: ERR_LEASED", async (_, act) => {
      const [p, q] = [make(), make()];
      const promise = new AdaBelief([p]).stepAsync();
      expect(thrownBy(() => act(p))).toMatchObject({ code: "ERR_LEASED" });
      await promise;
      new AdaBelief([q]).step();
      expectSameBits(p.data, q.data, "after the refusal");
    });

    it("but not a step of another optimizer that reads the same gradient", async () => {
      const p = make();
      const other = { data: wave(p.data.length, 3), grad: p.grad };
      const promise = new AdaBelief([p]).stepAsync();
      expect(new AdaBelief([other]).step().updated).toBe(1);
      await promise;
    });
  });

  describe("is rejected, with nothing changed, where step would throw:", () => {
    const rows: [string, string, (p: Parameter, o: AdaBelief) => void][] = [
      ["a short gradient", "ERR_LENGTH", (p) => (p.grad = new Float32Array(3))],
      ["a gradient over the data", "ERR_OVERLAP", (p) => (p.grad = p.data)],
      ["an invalid option", "ERR_INVALID_OPTION", (_, o) => ((o.paramGroups[0]?.betas as number[])[1] = 1)],
      [
        "a resizable gradient",
        "ERR_RESIZABLE",
        (p) => (p.grad = new Float32Array(new ArrayBuffer(p.data.byteLength, { maxByteLength: 1e6 }))),
      ],
      ["a disposed optimizer", "ERR_DISPOSED", (_, o) => o.dispose()],
    ];
    it.each(rows)("%s: %s", async (_, code, spoil) => {
      const p: Parameter = make();
      const before = p.data.slice();
      const optimizer = new AdaBelief([p]);
      spoil(p, optimizer);
      expect(await codeOf(optimizer.stepAsync())).toBe(code);
      expectSameBits(p.data, before, "data");
      expect(optimizer.state.get(p)).toBeUndefined();
    });

    it("an option of the step that does not exist: ERR_UNKNOWN_OPTION", async () => {
      expect(await codeOf(new AdaBelief([make()]).stepAsync({ fast: true } as never))).toBe("ERR_UNKNOWN_OPTION");
    });
  });

  it.each([
    ["ordinary memory", (length: number) => new Float32Array(length)],
    ["cpu.allocate", (length: number) => cpu.allocate(length)],
    ["shared memory", (length: number) => new Float32Array(new SharedArrayBuffer(4 * length))],
  ])("survives an attempt to transfer its memory away: %s", async (_, allocate) => {
    const [p, q] = [make(), make()];
    p.data = allocate(p.data.length);
    p.data.set(q.data);
    const promise = new AdaBelief([p]).stepAsync();
    thrownBy(() => {
      structuredClone(p.data.buffer, { transfer: [p.data.buffer as ArrayBuffer] }); // copies, or throws: Node's versions differ
      throw new Error("it was copied");
    });
    expect(p.data.length).toBe(q.data.length);
    await promise;
    new AdaBelief([q]).step();
    expectSameBits(p.data, q.data, "data");
  });
});

describe("around an asynchronous step", () => {
  const model = `
    const { AdaBelief, parameter, cpu } = adabelief;
    const make = (length) => parameter(cpu.allocate(length).fill(1), { grad: new Float32Array(length).fill(0.5) });`;

  it("garbage collection takes nothing that is in use", () => {
    const code = `${model}
      const later = () => new Promise((resolve) => setImmediate(resolve));
      const kept = make(3e6);
      new AdaBelief([kept]).step();
      // The test keeps the values alone: the parameter, its gradient and the optimizer are the promise's to keep.
      const run = () => {
        const p = make(3e6);
        const optimizer = new AdaBelief([p]);
        return { data: p.data, gone: [p, p.grad, optimizer].map((it) => new WeakRef(it)), promise: optimizer.stepAsync() };
      };
      (async () => {
        const results = [];
        for (let i = 0; i < 10; ++i) {
          const { data, gone, promise } = run();
          gc();
          await later();
          gc();
          const { updated } = await promise;
          const same = Buffer.compare(Buffer.from(data.buffer, data.byteOffset, data.byteLength),
            Buffer.from(kept.data.buffer, kept.data.byteOffset, kept.data.byteLength)) === 0;
          results.push([updated, same, gone]);
        }
        for (let i = 0; i < 3; ++i) { await later(); gc(); }
        console.log(JSON.stringify(results.map(([updated, same, gone]) => [updated, same, gone.every((it) => it.deref() === undefined)])));
      })();`;
    expect(resultOf(code, { flags: ["--expose-gc"] })).toEqual(Array(10).fill([1, true, true]));
  });

  it.each([
    ["process.exit", "process.exit(5);", 5],
    ["an error", `throw new Error("the end");`, 1],
    ["the end of the program", "process.exitCode = 6;", 6],
  ])("%s in the middle of it ends the process with its exit code", (_, end, code) => {
    const { status, signal } = runScript(`${model} cpu.threads = 4; new AdaBelief([make(2e7)]).stepAsync(); ${end}`);
    expect([status, signal]).toEqual([code, null]);
  });

  it("a worker that is terminated waits for its step", () => {
    const code = `${model}
      const { Worker } = require("node:worker_threads");
      const source = "const { AdaBelief, parameter } = require(process.cwd());"
        + "const p = parameter(new Float32Array(1e7), { grad: new Float32Array(1e7) });"
        + "new AdaBelief([p]).stepAsync().then(() => process.exit(1)); require('node:worker_threads').parentPort.postMessage(0);";
      (async () => {
        for (let i = 0; i < 5; ++i) {
          const worker = new Worker(source, { eval: true });
          await new Promise((resolve) => worker.once("message", resolve));
          await worker.terminate();
        }
        console.log("true");
      })();`;
    expect(resultOf(code)).toBe(true);
  });
});

describe("accumulate", () => {
  it.each([0, 1, 1023, 1024, 5000, 100_003])("adds %d-element sources in order, and then their scaled sum", (length) => {
    const sources = [wave(length, 1), wave(length, 2), wave(length, 3)];
    const [into, wanted] = [wave(length, 4), wave(length, 4)];
    for (let i = 0; i < length; ++i) {
      const sum = sources.reduce((partial, source) => Math.fround(partial + (source[i] as number)), 0);
      // A product of two floats is exact in a double, and this sum of doubles rounds to float32 as the fused one: no tie is near.
      wanted[i] = sum * Math.fround(1 / 3) + (wanted[i] as number);
    }
    accumulate(into, sources, 1 / 3);
    expectSameBits(into, wanted, `length ${length}`);
  });

  it("does nothing without sources", () => {
    const into = wave(5, 0);
    accumulate(into, new Set());
    expectSameBits(into, wave(5, 0), "into");
  });

  it.each<[string, string, () => unknown]>([
    ["a source of another length", "ERR_LENGTH", () => accumulate(wave(3, 0), [wave(3, 0), wave(4, 0)])],
    ["a source of doubles", "ERR_NOT_FLOAT32", () => accumulate(wave(3, 0), [new Float64Array(3) as never])],
    ["a list of numbers", "ERR_NOT_FLOAT32", () => accumulate([1] as never, [wave(1, 0)])],
    ["a bare array for the sources", "ERR_NOT_FLOAT32", () => accumulate(wave(3, 0), wave(3, 0) as never)],
    ["nothing for the sources", "ERR_NOT_FLOAT32", () => accumulate(wave(3, 0), null as never)],
    ["a string for the scale", "ERR_INVALID_OPTION", () => accumulate(wave(3, 0), [], "1" as never)],
    ["itself as a source", "ERR_OVERLAP", () => ((a) => accumulate(a, [wave(3, 0), a]))(wave(3, 0))],
    [
      "a source one element beside it",
      "ERR_OVERLAP",
      () => ((a) => accumulate(a.subarray(0, 5), [a.subarray(1, 6)]))(wave(6, 0)),
    ],
  ])("refuses %s: %s", (_, code, act) => expect(thrownBy(act)).toMatchObject({ code }));
});
