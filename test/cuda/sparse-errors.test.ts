// A sparse gradient that a step on a device cannot use is refused with a code, and nothing is changed.
import { AdaBelief, cuda, parameter, type CudaArray, type Parameter, type SparseGradient, type SparseParameter } from "../../lib";
import { bitsOf } from "../helpers/bits";
import { capture, graphs } from "../helpers/graphs";
import { thrownBy } from "../helpers/snapshot";
import { wave } from "../helpers/sparse";

type OnDevice = SparseParameter<CudaArray>;

const hostile = (value: unknown) => value as never;
const rows = (...values: number[]) => Uint32Array.from(values);
const values = (length: number, device = 0) => cuda.from(wave(length, 1), { device });
const good = (): SparseGradient<CudaArray> => ({ rows: rows(0, 3), values: values(6) });
const hex = (array: Float32Array) => Buffer.from(bitsOf(array).buffer).toString("hex");

interface Fixture {
  readonly memory: CudaArray;
  readonly table: OnDevice;
  readonly bias: OnDevice;
  readonly onHost: SparseParameter;
  readonly optimizer: AdaBelief;
}

/** A table of four rows and a vector in one allocation on a device, and a table on the host. All were stepped once. */
function fixture(): Fixture {
  const memory = values(32);
  const part = (begin: number, length: number) =>
    cuda.wrap({ pointer: memory.pointer + BigInt(4 * begin), length, owner: memory });
  const table: OnDevice = parameter(part(0, 12), { shape: [4, 3], name: "table", grad: good() });
  const bias: OnDevice = parameter(part(16, 4), { grad: values(4) });
  const onHost: SparseParameter = parameter(wave(4, 2), { shape: [2, 2] });
  const optimizer = new AdaBelief([table, bias, onHost] as Parameter[]);
  optimizer.step();
  return { memory, table, bias, onHost, optimizer };
}

/** All that a refused step must leave alone. */
const snapshot = ({ memory, onHost, optimizer }: Fixture) => ({
  memory: hex(memory.read()),
  onHost: hex(onHost.data),
  state: JSON.stringify(optimizer.stateDict(), (_, value: unknown) =>
    ArrayBuffer.isView(value) ? [...(value as never)] : value,
  ),
});

const disposed = (length: number) => {
  const array = values(length);
  array.dispose();
  return array;
};

const cases: [what: string, code: string, message: RegExp, act: (f: Fixture) => unknown][] = [
  [
    "values on the host",
    "ERR_MIXED_DEVICES",
    /^Parameter 0 \(table\): its grad is on the host, and it was registered on CUDA device 0; .*cuda\.from\(\)/,
    ({ table }) => (table.grad = hostile({ rows: rows(0, 1), values: wave(6, 1) })),
  ],
  [
    "values on another device",
    "ERR_MIXED_DEVICES",
    /its grad is on CUDA device 1, and it was registered on CUDA device 0/,
    ({ table }) => (table.grad = { rows: rows(0, 1), values: values(6, 1) }),
  ],
  [
    "values on a device for a parameter on the host",
    "ERR_MIXED_DEVICES",
    /^Parameter 2: its grad is on CUDA device 0, and it was registered on the host/,
    ({ onHost }) => (onHost.grad = hostile({ rows: rows(0), values: values(2) })),
  ],
  [
    "rows on a device",
    "ERR_SPARSE",
    /rows of its grad must be a Uint32Array, got a CudaArray of 2 on device 0$/,
    ({ table }) => (table.grad = hostile({ rows: values(2), values: values(6) })),
  ],
  [
    "a row beyond the last",
    "ERR_SPARSE",
    /rows\[1\] of its grad is 4, .* from 0 to 3$/,
    ({ table }) => (table.grad = { rows: rows(3, 4), values: values(6) }),
  ],
  ["too few values", "ERR_LENGTH", /got 5$/, ({ table }) => (table.grad = { rows: rows(0, 1), values: values(5) })],
  ["too many values", "ERR_LENGTH", /got 7$/, ({ table }) => (table.grad = { rows: rows(0, 1), values: values(7) })],
  [
    "values of doubles",
    "ERR_NOT_FLOAT32",
    /Float64Array/,
    ({ table }) => (table.grad = hostile({ rows: rows(0), values: new Float64Array(3) })),
  ],
  [
    "values that were disposed",
    "ERR_DISPOSED",
    /its grad was disposed/,
    ({ table }) => (table.grad = { rows: rows(0, 1), values: disposed(6) }),
  ],
  [
    "values that were disposed after a step",
    "ERR_DISPOSED",
    /its grad was disposed/,
    ({ table }) => (table.grad as SparseGradient<CudaArray>).values.dispose(),
  ],
  [
    "values over the parameter itself",
    "ERR_OVERLAP",
    /grad of parameter 0 \(table\) and data of parameter 0/,
    ({ table, memory }) =>
      (table.grad = { rows: rows(0, 1), values: cuda.wrap({ pointer: memory.pointer, length: 6, owner: memory }) }),
  ],
  [
    "values over another parameter",
    "ERR_OVERLAP",
    /data of parameter 1/,
    ({ table, memory }) =>
      (table.grad = { rows: rows(0, 1), values: cuda.wrap({ pointer: memory.pointer + 76n, length: 6, owner: memory }) }),
  ],
  [
    "a vector as parameter",
    "ERR_SPARSE",
    /^Parameter 1: .*two dimensions/,
    ({ bias }) => (bias.grad = { rows: rows(0), values: values(1) }),
  ],
  [
    "a moving average turned on",
    "ERR_SPARSE",
    /ema moves every element/,
    ({ table, optimizer }) => ((table.grad = good()), Object.assign(optimizer.paramGroups[0] as object, { ema: {} })),
  ],
];

describe.each(cases)("a step on a device with %s", (_, code, message, act) => {
  it.each(["step", "stepAsync"] as const)("is refused by %s, changes nothing, and the next one works", async (method) => {
    const f = fixture();
    act(f);
    const before = snapshot(f);
    const error: unknown = await (async () => f.optimizer[method]({ maxGradNorm: 1 }))().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
    expect(snapshot(f)).toEqual(before);
    const other = fixture();
    for (const { table, bias, onHost, optimizer } of [f, other]) {
      table.grad = good();
      bias.grad = values(4);
      onHost.grad = null;
      Object.assign(optimizer.paramGroups[0] as object, { ema: null });
      expect({ ...optimizer.step({ maxGradNorm: 1 }) }).toMatchObject({ updated: 2, skipped: false });
    }
    expect(snapshot(f)).toEqual(snapshot(other));
  });
});

describe("steps that a graph may repeat refuse rows", () => {
  /** A table that is stepped once with a dense gradient, in a stream. */
  const made = (options: object = {}) => {
    const stream = graphs.makeStream(false);
    const table: OnDevice = parameter(values(12), { shape: [4, 3], name: "table", grad: values(12) });
    const optimizer = new AdaBelief([table], { capturable: true, ...options });
    optimizer.step({ stream });
    return { stream, table, optimizer };
  };

  it("of a sparse gradient, while they are captured or not", () => {
    const { stream, table, optimizer } = made();
    const before = hex(table.data.read({ stream }));
    table.grad = good();
    for (const act of [() => optimizer.step({ stream }), () => capture(stream, () => optimizer.step({ stream }))]) {
      const error = thrownBy(act);
      expect(error).toMatchObject({ code: "ERR_CUDA_CAPTURE" });
      expect(error.message).toMatch(/^capturable: Parameter 0 \(table\): its grad is sparse, .*; step without capturable$/);
    }
    expect([hex(table.data.read({ stream })), optimizer.state.get(table as never)?.step]).toEqual([before, 1]);
  });

  it("and step with a sparse gradient without capturable, and then with a dense one and with it", () => {
    const { stream, table, optimizer } = made();
    const host: SparseParameter = parameter(wave(12, 1), { shape: [4, 3] });
    const wanted = new AdaBelief([host]);
    host.grad = wave(12, 1);
    wanted.step();
    for (const capturable of [false, true]) {
      table.grad = capturable ? values(12) : good();
      host.grad = capturable ? wave(12, 1) : { rows: rows(0, 3), values: wave(6, 1) };
      Object.assign(optimizer.paramGroups[0] as object, { capturable });
      optimizer.step({ stream });
      wanted.step();
    }
    const graph = capture(stream, () => optimizer.step({ stream }));
    graphs.launch(graph, stream);
    wanted.step();
    expect(hex(table.data.read({ stream }))).toBe(hex(host.data));
    graphs.destroy(graph);
  });

  it("that have counts of their own", () => {
    const { stream, table, optimizer } = made({ sparse_step: "row" });
    const [group] = optimizer.paramGroups as unknown as [{ capturable: boolean }];
    group.capturable = false;
    table.grad = good();
    optimizer.step({ stream });
    group.capturable = true;
    table.grad = values(12);
    const error = thrownBy(() => optimizer.step({ stream }));
    expect(error).toMatchObject({ code: "ERR_CUDA_CAPTURE" });
    expect(error.message).toMatch(/its rows have counts of their own \(row_steps\)/);
    group.capturable = false;
    expect(optimizer.step({ stream })).toMatchObject({ updated: 1 });
  });
});
