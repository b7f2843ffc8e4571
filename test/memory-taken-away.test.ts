import { MessageChannel, Worker, markAsUntransferable } from "node:worker_threads";
import { AdaBelief, parameter, type Parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { resultOf } from "./helpers/script";
import { snapshot, thrownBy } from "./helpers/snapshot";

describe("memory that JavaScript takes away between two steps is noticed", () => {
  const rows: { what: string; code: string; make: () => { array: Float32Array; spoil: () => void } }[] = [
    {
      what: "a transferred buffer",
      code: "ERR_DETACHED",
      make: () => {
        const array = new Float32Array(8);
        return { array, spoil: () => void structuredClone(array.buffer, { transfer: [array.buffer] }) };
      },
    },
    {
      what: "a buffer that shrank under a fixed view",
      code: "ERR_DETACHED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer, 0, 8), spoil: () => buffer.resize(16) };
      },
    },
    {
      what: "a buffer that shrank under a view of all of it",
      code: "ERR_RESIZED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer), spoil: () => buffer.resize(16) };
      },
    },
    {
      what: "a buffer that grew under a view of all of it",
      code: "ERR_RESIZED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer), spoil: () => buffer.resize(64) };
      },
    },
    {
      what: "WebAssembly memory that grew",
      code: "ERR_DETACHED",
      make: () => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        return { array: new Float32Array(memory.buffer, 0, 8), spoil: () => void memory.grow(1) };
      },
    },
  ];
  describe.each(rows)("$what", ({ code, make }) => {
    it.each(["data", "grad", "out"] as const)("as %s", (where) => {
      const { array, spoil } = make();
      const other = parameter(new Float32Array(4).fill(1), { grad: new Float32Array(4).fill(1) });
      const spoiled: Parameter = { data: new Float32Array(8), grad: new Float32Array(8), [where]: array };
      const optimizer = new AdaBelief([other, spoiled]);
      optimizer.step();
      spoil();
      const before = snapshot(optimizer, [other]);
      expect(thrownBy(() => optimizer.step())).toMatchObject({ code });
      expect(snapshot(optimizer, [other])).toEqual(before);
      expect(optimizer.state.get(spoiled)?.step).toBe(1);
      spoiled[where] = new Float32Array(8);
      expect(optimizer.step().updated).toBe(2);
    });
  });

  it("a state array that the caller gave away", () => {
    const p = parameter(new Float32Array(8), { grad: new Float32Array(8) });
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    const { buffer } = optimizer.state.get(p)?.exp_avg_var as Float32Array;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect(thrownBy(() => optimizer.step())).toMatchObject({
      code: "ERR_DETACHED",
      message: expect.stringContaining("exp_avg_var") as string,
    });
    expect(thrownBy(() => optimizer.stateDict())).toMatchObject({ code: "ERR_DETACHED" });
    optimizer.reset();
    expect(optimizer.step().updated).toBe(1);
  });

  it("a buffer that a getter of a later parameter takes away in the middle of a step", () => {
    const victim = parameter(new Float32Array(1000), { grad: new Float32Array(1000) });
    let armed = false;
    const thief = {
      data: new Float32Array(4),
      get grad() {
        if (armed) structuredClone(victim.data.buffer, { transfer: [victim.data.buffer as ArrayBuffer] });
        return new Float32Array(4);
      },
    };
    const optimizer = new AdaBelief([victim, thief]);
    optimizer.step();
    armed = true;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_DETACHED" });
  });

  it("a getter that steps in the middle of a step", () => {
    const p = parameter(new Float32Array(4).fill(1), { grad: new Float32Array(4).fill(1) });
    const stepping = {
      data: new Float32Array(4),
      get grad(): null {
        optimizer.step();
        return null;
      },
    };
    const optimizer: AdaBelief = new AdaBelief([p, stepping]);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_BUSY" });
    expect([...p.data]).toEqual([1, 1, 1, 1]);
    expect(optimizer.state.get(p)).toBeUndefined();
  });

  it("an own length property has no effect", () => {
    const grad = new Float32Array(2);
    Object.defineProperty(grad, "length", { value: 8 });
    const optimizer = new AdaBelief([parameter(new Float32Array(8), { grad })]);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
  });
});

describe("memory that the optimizer has let go of", () => {
  it("may be given back to it as another parameter", () => {
    const [p, q] = [parameter(new Float32Array(9), { grad: new Float32Array(9) }), parameter(new Float32Array(9))];
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    q.data = p.data;
    p.data = new Float32Array(9);
    const { exp_avg } = optimizer.state.get(p) as { exp_avg: Float32Array };
    optimizer.reset();
    optimizer.addParamGroup({ params: [q, parameter(exp_avg)] });
    expect(optimizer.step().updated).toBe(1);
  });
});

/** Moves a buffer away as `ArrayBuffer.prototype.transfer` does, which Node 20 lacks. */
const transfer = (buffer: ArrayBuffer) => (buffer as { transfer?: () => ArrayBuffer }).transfer?.();

/** What an act threw, if anything. */
function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Whether a mark stops this Node from everything that detaches a buffer: from Node 24.15 on. Before, it stops lists of transfers only. */
function marksStopAll(): boolean {
  const buffer = new ArrayBuffer(1);
  markAsUntransferable(buffer);
  return errorOf(() => transfer(buffer)) !== undefined;
}

describe.each([
  ["memory", 400_000],
  ["memory of whole WebAssembly pages", 409_600],
])("%s that a step on another thread is using stays", (_, length) => {
  const ways: [string, (buffer: ArrayBuffer) => unknown][] = [
    ["structuredClone", (buffer) => structuredClone(buffer, { transfer: [buffer] })],
    ["a message", (buffer) => new MessageChannel().port1.postMessage(buffer, [buffer])],
    ["a worker's data", (buffer) => new Worker("", { eval: true, workerData: buffer, transferList: [buffer] })],
  ];
  const othersWays: typeof ways = [
    ["ArrayBuffer.prototype.transfer", transfer],
    ["a byte stream", (buffer) => new ReadableStream({ type: "bytes", start: (c) => c.enqueue(new Uint8Array(buffer)) })],
  ];
  const wave = Float32Array.from({ length }, (_, i) => Math.sin(i));
  const make = <D extends Float32Array>(data: D) => ({ data, grad: wave.slice() });

  it.each(marksStopAll() ? [...ways, ...othersWays] : ways)("where %s would take it", async (_, take) => {
    const [p, q] = [make(wave.slice()), make(wave.slice())];
    const started = new AdaBelief([p]).stepAsync();
    for (const array of [p.data, p.grad]) {
      errorOf(() => take(array.buffer)); // throws, or makes a copy on Node 20
      expect(array.length).toBe(length);
    }
    await started;
    new AdaBelief([q]).step();
    expectSameBits(p.data, q.data, "data");
  });
});

describe("memory from cpu.allocate that is transferred during a step", () => {
  it("lives until the step is done, and is then noticed as detached", () => {
    const code = `
      (async () => {
        const grad = new Float32Array(4e6).fill(1);
        const optimizer = new adabelief.AdaBelief([{ data: adabelief.cpu.allocate(4e6), grad }]);
        const { data } = optimizer.paramGroups[0].params[0];
        const step = optimizer.stepAsync();
        data.buffer.transfer?.(8);
        gc();
        const { updated } = await step;
        let next = "updated";
        try { optimizer.step(); } catch (error) { next = error.code; }
        console.log(JSON.stringify([updated, next]));
      })();`;
    const canTransfer = "transfer" in ArrayBuffer.prototype; // not on Node 20
    expect(resultOf(code, { flags: ["--expose-gc"] })).toEqual([1, canTransfer ? "ERR_DETACHED" : "updated"]);
  });
});

describe("pinning", () => {
  it("throws near the end of the stack, or pins; and pins later", () => {
    const code = `
      const { pin } = require("./dist/lib/step/pin.js");
      const pinned = [];
      let thrown = 0;
      const attempt = () => {
        const array = new Float32Array(16384); // a whole WebAssembly page
        try { pin(array); } catch { ++thrown; return; }
        pinned.push(array);
      };
      const descend = () => { try { descend(); } catch {} if (pinned.length < 100) attempt(); };
      descend();
      attempt();
      for (const { buffer } of pinned) {
        try { structuredClone(buffer, { transfer: [buffer] }); } catch {} // Node 20 makes a copy
      }
      console.log(JSON.stringify([thrown > 0, pinned.length, pinned.filter(({ length }) => length === 0).length]));`;
    expect(resultOf(code, { preload: false })).toEqual([true, 101, 0]);
  });

  it("is noticed where a replaced function takes memory away meanwhile", () => {
    const code = `
      const threads = require("node:worker_threads");
      const mark = threads.markAsUntransferable;
      const p = { data: new Float32Array(1000), grad: new Float32Array(1000) };
      const optimizer = new adabelief.AdaBelief([p]);
      threads.markAsUntransferable = (buffer) => {
        if (buffer === p.data.buffer) structuredClone(p.grad.buffer, { transfer: [p.grad.buffer] });
        mark(buffer);
      };
      optimizer.stepAsync().then(JSON.stringify, ({ code }) => code).then((end) => console.log(JSON.stringify(end)));`;
    expect(resultOf(code)).toBe("ERR_DETACHED");
  });
});
