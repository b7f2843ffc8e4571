// What is counted for rows with sparse gradients: the steps of the parameter, or the steps of each row. The same file runs on WebAssembly
// (jest.wasm.config.mjs).
import { AdaBelief, Adam, parameter, SGD, type SparseParameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { make, type AnyOptimizer, type Form } from "./helpers/family";
import { thrownBy } from "./helpers/snapshot";
import { able, denseOf, sizeOf, sparseGradient, wave } from "./helpers/sparse";

// The parameters of the releases for TensorFlow have one count.
const counting = able.filter(({ options }) => !String(options["version"]).startsWith("tf-"));

/** Every row as a parameter of its own. */
class RowsApart {
  readonly rows: { data: Float32Array; shape: number[]; grad: Float32Array | null }[];
  readonly optimizer: AnyOptimizer;
  readonly #shape: number[];

  constructor(data: Float32Array, shape: number[], form: Form) {
    const [first = 1, ...rest] = shape;
    const width = data.length / first;
    this.#shape = shape;
    this.rows = Array.from({ length: first }, (_, row) => ({
      data: data.slice(row * width, (row + 1) * width),
      shape: [1, ...rest],
      grad: null,
    }));
    this.optimizer = make(form, this.rows);
  }

  step(gradient: { rows: Uint32Array; values: Float32Array }): void {
    const dense = denseOf(gradient, this.#shape);
    const width = dense.length / this.rows.length;
    this.rows.forEach((row, k) => {
      row.grad = gradient.rows.includes(k) ? dense.subarray(k * width, (k + 1) * width) : null;
    });
    this.optimizer.step();
  }

  /** Values and state, end to end; zeros where a row has no state. */
  get arrays(): Record<string, Float32Array> {
    const result: Record<string, number[]> = {};
    const keys = new Set(this.rows.flatMap((row) => Object.keys(this.optimizer.state.get(row) ?? {})));
    for (const key of ["data", ...keys]) {
      result[key] = this.rows.flatMap((row) => {
        const value = key === "data" ? row.data : (this.optimizer.state.get(row) as Record<string, unknown> | undefined)?.[key];
        return value === undefined
          ? Array.from(row.data, () => NaN)
          : typeof value === "number"
            ? [value]
            : [...(value as Float32Array)];
      });
    }
    return Object.fromEntries(Object.entries(result).map(([key, values]) => [key, Float32Array.from(values)]));
  }
}

const shape = [9, 2, 3];
const all = Uint32Array.from({ length: 9 }, (_, row) => row);

describe.each(counting.map((form) => [form.title, form] as const))('%s with sparse_step: "row"', (_, form) => {
  onEveryBackend("updates each row as a parameter of its own, sparse or not", () => {
    const data = wave(sizeOf(shape), 1);
    const apart = new RowsApart(data, shape, form);
    const p: SparseParameter = parameter(data.slice(), { shape });
    const { version: _version, ...options } = form.options;
    const optimizer = make(form, [p], { ...options, sparse_step: "row" });
    const counts = new Uint32Array(9);
    for (let step = 1; step <= 8; ++step) {
      const sparse = sparseGradient(shape, 4, step);
      const whole = { rows: all, values: wave(sizeOf(shape), step) };
      const isDense = step === 1 || step === 5;
      p.grad = isDense ? whole.values : sparse;
      optimizer.step();
      apart.step(isDense ? whole : sparse);
      for (const row of new Set(isDense ? whole.rows : sparse.rows)) counts[row] = (counts[row] as number) + 1;
      const { step: t, row_steps, ...state } = optimizer.state.get(p) ?? { step };
      const isShown = step > 1 && Object.keys(state).length > 0;
      expect([t, row_steps]).toEqual([step, isShown ? counts : undefined]);
      const { step: _step, ...wanted } = apart.arrays;
      for (const [key, array] of Object.entries({ data: p.data, ...state })) {
        expectSameBits(array, wanted[key] as Float32Array, `step ${step}: ${key}`);
      }
    }
  });
});

describe('with sparse_step: "row"', () => {
  const row = { sparse_step: "row" } as const;
  const made = (options: object, data = wave(12, 1)): [SparseParameter, AdaBelief] => {
    const p: SparseParameter = parameter(data, { shape: [4, 3], name: "p" });
    return [p, new AdaBelief([p], options)];
  };
  const train = ([p, optimizer]: [SparseParameter, AdaBelief], from: number, to: number): void => {
    for (let step = from; step <= to; ++step) {
      p.grad = sparseGradient([4, 3], 2, step);
      optimizer.step();
    }
  };

  it("a first sparse gradient finds rows that begin at zero, also before any dense one", () => {
    const one = made(row);
    train(one, 1, 3);
    expect(one[1].state.get(one[0])?.row_steps?.reduce((a, b) => a + b)).toBeLessThan(8);
  });

  it.each(["dict", "checkpoint"])("a %s takes the counts along, and training goes on with the same bits", async (way) => {
    const [one, other] = [made(row), made(row)];
    train(one, 1, 8);
    train(other, 1, 4);
    const next = made({}, other[0].data);
    if (way === "dict") next[1].loadStateDict(other[1].stateDict());
    else await next[1].loadState(other[1].encodeState());
    expect(next[1].paramGroups[0]?.sparse_step).toBe("row");
    train(next, 5, 8);
    expectSameBits(next[0].data, one[0].data, "data");
    expect(next[1].state.get(next[0])).toEqual(one[1].state.get(one[0]));
  });

  it("counts are shown as a copy, and forgotten by reset", () => {
    const [p, optimizer] = made(row);
    train([p, optimizer], 1, 2);
    optimizer.state.get(p)?.row_steps?.fill(99);
    expect(optimizer.stateDict().state["0"]?.["row_steps"]).not.toContain(99);
    optimizer.reset();
    p.grad = wave(12, 1);
    optimizer.step();
    expect(optimizer.state.get(p)).not.toHaveProperty("row_steps");
  });

  it("turned on later, every row begins with the parameter's count; turned off, the counts go with the next update", () => {
    const [p, optimizer] = made({});
    train([p, optimizer], 1, 3);
    const [group] = optimizer.paramGroups;
    (group as { sparse_step: string }).sparse_step = "row";
    p.grad = { rows: Uint32Array.of(2), values: wave(3, 1) };
    optimizer.step();
    expect(optimizer.state.get(p)).toMatchObject({ step: 4, row_steps: Uint32Array.of(3, 3, 4, 3) });
    (group as { sparse_step: string }).sparse_step = "parameter";
    expect(optimizer.stateDict().state["0"]).not.toHaveProperty("row_steps");
    optimizer.step();
    expect(optimizer.state.get(p)).not.toHaveProperty("row_steps");
    expect(optimizer.state.get(p)?.step).toBe(5);
  });

  it("a step that is skipped counts nothing", () => {
    const [p, optimizer] = made(row);
    train([p, optimizer], 1, 1);
    const before = optimizer.stateDict();
    p.grad = { rows: Uint32Array.of(0, 3), values: wave(6, 1).fill(NaN, 5) };
    expect(optimizer.step({ skipNonFinite: true })).toMatchObject({ skipped: true });
    expect(optimizer.stateDict()).toEqual(before);
  });

  it("stepAsync counts when it is done", async () => {
    const [one, other] = [made(row), made(row)];
    for (let step = 1; step <= 5; ++step) {
      one[0].grad = sparseGradient([4, 3], 3, step);
      other[0].grad = sparseGradient([4, 3], 3, step);
      await one[1].stepAsync();
      other[1].step();
    }
    expect(one[1].state.get(one[0])).toEqual(other[1].state.get(other[0]));
  });

  it("more counts than parameters find room", () => {
    const p: SparseParameter = parameter(new Float32Array(300), { shape: [300, 1] });
    const optimizer = new Adam([p], row);
    for (let step = 1; step <= 40; ++step) {
      p.grad = { rows: Uint32Array.from({ length: step }, (_, k) => k), values: new Float32Array(step).fill(1) };
      optimizer.step();
    }
    p.grad = new Float32Array(300).fill(1);
    expect(optimizer.step()).toEqual({ updated: 1, skipped: false });
    const { row_steps } = optimizer.state.get(p) as { row_steps: Uint32Array };
    expect([...row_steps.subarray(0, 42)]).toEqual(Array.from({ length: 42 }, (_, k) => Math.max(0, 40 - k) + 1));
  });

  it.each([
    ["no counts of the right type", { row_steps: new Float32Array(4) }],
    ["another number of rows", { row_steps: new Uint32Array(3) }],
    ["a row with more steps than the parameter", { row_steps: Uint32Array.of(0, 0, 9, 0) }],
  ])("a dict with %s is refused", (_, wrong) => {
    const [p, optimizer] = made(row);
    train([p, optimizer], 1, 3);
    const saved = optimizer.stateDict();
    Object.assign(saved.state["0"] as object, wrong);
    expect(thrownBy(() => optimizer.loadStateDict(saved))).toMatchObject({ code: "ERR_STATE_DICT" });
  });

  it("is not for Lookahead, nor for a rule with one count, nor for PyTorch's classes", () => {
    const params = [parameter(new Float32Array(4), { shape: [2, 2] })];
    const of = (act: () => unknown) => thrownBy(act).code;
    expect(of(() => new SGD(params, { ...row, lookahead: {} }))).toBe("ERR_INVALID_OPTION");
    expect(of(() => new AdaBelief(params, { ...row, version: "tf-0.2.1" }))).toBe("ERR_INVALID_OPTION");
    expect(of(() => new SGD(params, row).stateDict({ pytorch: true }))).toBe("ERR_STATE_DICT");
    expect(of(() => new SGD(params, { sparse_step: "rows" as never }))).toBe("ERR_INVALID_OPTION");
  });

  it("a dict with counts is refused where the option would be parameter", () => {
    const [p, optimizer] = made(row);
    train([p, optimizer], 1, 3);
    const saved = optimizer.stateDict();
    delete saved.param_groups[0]?.["sparse_step"];
    expect(thrownBy(() => optimizer.loadStateDict(saved))).toMatchObject({ code: "ERR_STATE_DICT" });
  });
});

describe('sparse_step: "parameter"', () => {
  it("is PyTorch's SparseAdam where eps is 0: lazy moments, and the bias correction of the parameter's step", () => {
    const [lr, beta1, beta2] = [0.01, 0.9, 0.99];
    const data = wave(12, 1);
    const p: SparseParameter = parameter(data.slice(), { shape: [4, 3] });
    const optimizer = new Adam([p], { lr, betas: [beta1, beta2], eps: 0 });
    const [w, m, v] = [Float64Array.from(data), new Float64Array(12), new Float64Array(12)];
    for (let step = 1; step <= 20; ++step) {
      const gradient = sparseGradient([4, 3], 3, step);
      p.grad = gradient;
      optimizer.step();
      const grad = denseOf(gradient, [4, 3]);
      const size = (lr * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      for (const row of new Set(gradient.rows)) {
        for (let i = row * 3; i < row * 3 + 3; ++i) {
          const g = grad[i] as number;
          m[i] = (m[i] as number) + (1 - beta1) * (g - (m[i] as number));
          v[i] = (v[i] as number) + (1 - beta2) * (g * g - (v[i] as number));
          w[i] = (w[i] as number) - (size * (m[i] as number)) / Math.sqrt(v[i] as number);
        }
      }
    }
    p.data.forEach((value, i) => expect(value).toBeCloseTo(w[i] as number, 5));
  });
});
