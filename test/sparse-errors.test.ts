// Sparse gradients that a step cannot use are refused with a code, and nothing is changed. The same file runs on WebAssembly
// (jest.wasm.config.mjs).
import { Worker } from "node:worker_threads";
import {
  accumulate,
  Adam,
  clipGradNorm,
  cpu,
  Fromage,
  Lookahead,
  parameter,
  RangerAdaBelief,
  SGD,
  update,
  type AdaBelief,
  type Optimizer,
  type SparseGradient,
  type SparseParameter,
} from "../lib";
import { expectSameBits } from "./helpers/bits";
import { itNatively } from "./helpers/engine";
import { snapshot, thrownBy } from "./helpers/snapshot";
import { wave } from "./helpers/sparse";

const hostile = (value: unknown) => value as never;
const rows = (...values: number[]) => Uint32Array.from(values);
const floats = (length: number) => wave(length, 1);

function detached<A extends Uint32Array | Float32Array>(array: A): A {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

interface Fixture {
  readonly memory: Float32Array;
  readonly table: SparseParameter;
  readonly bias: SparseParameter;
  readonly optimizer: Adam;
}

/** A table of four rows that has been stepped once, and a vector, in one buffer. */
function fixture(): Fixture {
  const memory = floats(64);
  const table: SparseParameter = parameter(memory.subarray(0, 12), { shape: [4, 3], name: "table" });
  const bias: SparseParameter = parameter(memory.subarray(12, 16));
  const optimizer = new Adam([table, bias]);
  table.grad = { rows: rows(1), values: floats(3) };
  bias.grad = floats(4);
  optimizer.step();
  return { memory, table, bias, optimizer };
}

const good = (): SparseGradient => ({ rows: rows(0, 3), values: floats(6) });

const cases: [what: string, code: string, message: RegExp, act: (f: Fixture) => unknown][] = [
  [
    "a row beyond the last",
    "ERR_SPARSE",
    /rows\[1\] of its grad is 4, .* from 0 to 3$/,
    ({ table }) => (table.grad = { rows: rows(3, 4), values: floats(6) }),
  ],
  [
    "a row of 2^32 − 1",
    "ERR_SPARSE",
    /4294967295/,
    ({ table }) => (table.grad = { rows: rows(0, 0xffffffff), values: floats(6) }),
  ],
  [
    "rows that are no Uint32Array",
    "ERR_SPARSE",
    /a Uint32Array, got a Int32Array of 2$/,
    ({ table }) => (table.grad = hostile({ rows: Int32Array.of(0, 1), values: floats(6) })),
  ],
  [
    "rows that are an array",
    "ERR_SPARSE",
    /got an array of 2$/,
    ({ table }) => (table.grad = hostile({ rows: [0, 1], values: floats(6) })),
  ],
  ["rows that are null", "ERR_SPARSE", /got null$/, ({ table }) => (table.grad = hostile({ rows: null, values: floats(6) }))],
  [
    "rows that lost their memory",
    "ERR_DETACHED",
    /rows of its grad/,
    ({ table }) => (table.grad = { rows: detached(rows(0, 1)), values: floats(6) }),
  ],
  [
    "too few values",
    "ERR_LENGTH",
    /6 elements, those of 2 rows, got 5$/,
    ({ table }) => (table.grad = { rows: rows(0, 1), values: floats(5) }),
  ],
  ["too many values", "ERR_LENGTH", /got 7$/, ({ table }) => (table.grad = { rows: rows(0, 1), values: floats(7) })],
  [
    "values of the whole parameter",
    "ERR_LENGTH",
    /got 12$/,
    ({ table }) => (table.grad = { rows: rows(0, 1), values: floats(12) }),
  ],
  [
    "values of doubles",
    "ERR_NOT_FLOAT32",
    /got a Float64Array of 6$/,
    ({ table }) => (table.grad = hostile({ rows: rows(0, 1), values: new Float64Array(6) })),
  ],
  [
    "values that are null",
    "ERR_NOT_FLOAT32",
    /got null$/,
    ({ table }) => (table.grad = hostile({ rows: rows(0, 1), values: null })),
  ],
  [
    "values that lost their memory",
    "ERR_DETACHED",
    /values of its grad/,
    ({ table }) => (table.grad = { rows: rows(0, 1), values: detached(floats(6)) }),
  ],
  [
    "values over the parameter itself",
    "ERR_OVERLAP",
    /grad of parameter 0/,
    ({ table, memory }) => (table.grad = { rows: rows(0, 1), values: memory.subarray(0, 6) }),
  ],
  [
    "values over another parameter",
    "ERR_OVERLAP",
    /data of parameter 1/,
    ({ table, memory }) => (table.grad = { rows: rows(0, 1), values: memory.subarray(15, 21) }),
  ],
  [
    "values over the state",
    "ERR_OVERLAP",
    /exp_avg of parameter 0/,
    ({ table, optimizer }) =>
      (table.grad = { rows: rows(0), values: (optimizer.state.get(table)?.exp_avg as Float32Array).subarray(0, 3) }),
  ],
  [
    "a vector as parameter",
    "ERR_SPARSE",
    /^Parameter 1: its grad is sparse; give it a shape of two dimensions/,
    ({ bias }) => (bias.grad = { rows: rows(0), values: floats(1) }),
  ],
  ["out", "ERR_SPARSE", /leave out away$/, ({ table }) => Object.assign(table, { grad: good(), out: new Float32Array(12) })],
  [
    "Lookahead turned on",
    "ERR_SPARSE",
    /Lookahead moves every element/,
    ({ table, optimizer }) => ((table.grad = good()), Object.assign(optimizer.paramGroups[0] as object, { lookahead: {} })),
  ],
  [
    "a moving average turned on",
    "ERR_SPARSE",
    /ema moves every element/,
    ({ table, optimizer }) => ((table.grad = good()), Object.assign(optimizer.paramGroups[0] as object, { ema: {} })),
  ],
  ["an object with rows alone", "ERR_NOT_FLOAT32", /got an object$/, ({ table }) => (table.grad = hostile({ rows: rows(0) }))],
];

describe.each(cases)("a step with %s", (_, code, message, act) => {
  it.each(["step", "stepAsync"] as const)("is refused by %s, changes nothing, and the next one works", async (method) => {
    const f = fixture();
    f.bias.grad = floats(4);
    act(f);
    const kept = () => ({
      values: [...f.memory],
      ...(snapshot(f.optimizer as never as AdaBelief, [f.table, f.bias] as never[]) as { state: object }),
    });
    const before = kept();
    const error: unknown = await (async () => f.optimizer[method]())().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
    expect(kept()).toEqual(before);
    f.table.grad = good();
    f.bias.grad = floats(4);
    delete f.table.out;
    Object.assign(f.optimizer.paramGroups[0] as object, { lookahead: null, ema: null });
    expect(f.optimizer.step()).toEqual({ updated: 2, skipped: false });
    const other = fixture();
    other.table.grad = good();
    other.bias.grad = floats(4);
    other.optimizer.step();
    expectSameBits(f.memory, other.memory, "memory");
  });
});

describe("an optimizer that needs the whole tensor refuses sparse gradients", () => {
  const table = (): SparseParameter => parameter(floats(12), { shape: [4, 3], grad: good() });
  it.each<[string, (p: SparseParameter) => Optimizer]>([
    ["Fromage", (p: SparseParameter) => new Fromage([p])],
    ["RangerAdaBelief", (p: SparseParameter) => new RangerAdaBelief([p])],
    ["Lookahead", (p: SparseParameter) => new Lookahead(new SGD([p]))],
  ])("%s", (_, make) => {
    const p = table();
    const optimizer = make(p);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_SPARSE" });
    expectSameBits(p.data, floats(12), "data");
    p.grad = floats(12);
    expect(optimizer.step()).toMatchObject({ updated: 1 });
  });
});

describe("functions of dense gradients refuse sparse ones", () => {
  it("clipGradNorm says what clips them", () => {
    const p: SparseParameter = parameter(floats(12), { shape: [4, 3], grad: good() });
    const error = thrownBy(() => clipGradNorm(hostile([p]), 1));
    expect(error).toMatchObject({ code: "ERR_SPARSE" });
    expect(error.message).toMatch(/step\(\{ maxGradNorm \}\)/);
  });

  it("accumulate and update", () => {
    const all = { data: floats(3), exp_avg: new Float32Array(3), exp_avg_var: new Float32Array(3), step: 1 };
    expect(thrownBy(() => accumulate(floats(6), [hostile(good())]))).toMatchObject({ code: "ERR_NOT_FLOAT32" });
    expect(thrownBy(() => accumulate(hostile(good()), []))).toMatchObject({ code: "ERR_NOT_FLOAT32" });
    expect(thrownBy(() => update({ ...all, grad: hostile(good()) }))).toMatchObject({ code: "ERR_NOT_FLOAT32" });
    expect(thrownBy(() => update({ ...all, grad: floats(3), sparse_step: "row" }))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  });
});

describe("zeroGrad", () => {
  it("sets sparse gradients to null, and fills the others with zeros", () => {
    const { table, bias, optimizer } = fixture();
    const grad = bias.grad as Float32Array;
    optimizer.zeroGrad();
    expect(table.grad).toBeNull();
    expect(bias.grad).toBe(grad);
    expectSameBits(grad, new Float32Array(4), "grad");
    expect(optimizer.step().updated).toBe(1);
  });

  it("changes nothing where one cannot be set", () => {
    const { table, bias, optimizer } = fixture();
    Object.freeze(table);
    expect(thrownBy(() => optimizer.zeroGrad())).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expectSameBits(bias.grad as Float32Array, floats(4), "grad");
  });
});

describe("what others do in the meantime", () => {
  it("rows and values are read once, also where they are accessors", () => {
    const { table, optimizer } = fixture();
    let reads = 0;
    const grad = Object.defineProperties({} as SparseGradient, {
      rows: { get: () => ((reads += 1), reads === 1 ? rows(0) : rows(9)), enumerable: true },
      values: { get: () => floats(3), enumerable: true },
    });
    table.grad = grad;
    expect(optimizer.step()).toMatchObject({ updated: 2 });
    expect(reads).toBe(1);
  });

  it("a gradient is not looked at once the step has been made", () => {
    const { table, optimizer } = fixture();
    const before = table.data[0];
    table.grad = new Proxy(good(), {
      has(target, key) {
        if (table.data[0] !== before) throw new Error("too late");
        return key in target;
      },
    });
    expect(optimizer.step()).toEqual({ updated: 2, skipped: false });
    expect(table.data[0]).not.toBe(before);
    table.grad = null;
    expect(optimizer.step()).toEqual({ updated: 1, skipped: false });
  });

  it("own properties of arrays deceive nobody", () => {
    const { table, optimizer } = fixture();
    const lying = rows(0, 1, 2);
    Object.defineProperty(lying, "length", { value: 1 });
    table.grad = { rows: lying, values: floats(3) };
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
    table.grad = { rows: lying, values: floats(9) };
    expect(optimizer.step()).toMatchObject({ updated: 2 });
  });

  it("rows that another thread changes all the time are those of one moment: right, or refused", async () => {
    const shared = new Uint32Array(new SharedArrayBuffer(4));
    const flip =
      "const rows = require('worker_threads').workerData; for (;;) Atomics.store(rows, 0, Atomics.load(rows, 0) ? 0 : 2 ** 30);";
    const worker = new Worker(flip, { eval: true, workerData: shared });
    const { table, optimizer } = fixture();
    const row = new Set<string>();
    table.grad = { rows: shared, values: floats(3) };
    const before = table.data.slice(3);
    for (const end = Date.now() + 10_000; row.size < 2 && Date.now() < end;) {
      try {
        row.add(`${optimizer.step().updated} updated`);
      } catch (error) {
        row.add((error as { code: string }).code);
      }
    }
    await worker.terminate();
    expect([...row].sort()).toEqual(["2 updated", "ERR_SPARSE"]);
    expectSameBits(table.data.subarray(3), before, "rows without a gradient");
  });

  itNatively("leases", "values are leased while stepAsync is under way", async () => {
    const { table, bias, optimizer } = fixture();
    const values = cpu.allocate(6).fill(1);
    table.grad = { rows: rows(0, 1), values };
    const other = new SGD([parameter(values, { grad: floats(6) })]);
    const promise = optimizer.stepAsync();
    expect(thrownBy(() => other.step())).toMatchObject({ code: "ERR_LEASED" });
    await promise;
    expect(other.step()).toEqual({ updated: 1, skipped: false });
    expect(bias.grad).not.toBeNull();
  });

  itNatively("resizable buffers", "values that could shrink are refused by stepAsync", async () => {
    const { table, optimizer } = fixture();
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    table.grad = { rows: rows(0, 1), values: new Float32Array(new Resizable(24, { maxByteLength: 48 })) };
    await expect(optimizer.stepAsync()).rejects.toMatchObject({ code: "ERR_RESIZABLE" });
    expect(optimizer.step()).toMatchObject({ updated: 2 });
  });
});
