// A step with a sparse gradient is the dense step, restricted to the rows of the gradient, bit for bit. The same file runs on WebAssembly
// (jest.wasm.config.mjs).
import { cpu, parameter, SGD, type SparseParameter, type StepOptions } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { itNatively } from "./helpers/engine";
import { make, type AnyOptimizer, type Form } from "./helpers/family";
import { able, denseOf, RestrictedStep, shapesOfNorms, sizeOf, sparseGradient, wave } from "./helpers/sparse";

const beginOf = ({ optimizer }: Form): number => (optimizer === "Yogi" ? 1e-6 : 0);

interface Run {
  readonly shape: readonly number[];
  readonly count: number;
  readonly steps?: number;
  readonly options?: StepOptions;
  /** In which steps the gradient is not sparse. */
  readonly dense?: (step: number) => boolean;
}

/** Trains with sparse gradients and by hand, and compares all that there is after each step. */
function compare(form: Form, { shape, count, steps = 6, options = {}, dense = () => false }: Run): void {
  const build = (params: object[]): AnyOptimizer => make(form, params);
  const data = wave(sizeOf(shape), 0);
  const wanted = new RestrictedStep(data, shape, build, Math.fround(beginOf(form)));
  const p: SparseParameter = parameter(data, { shape });
  const optimizer = build([p]);
  for (let step = 1; step <= steps; ++step) {
    const gradient = sparseGradient(shape, count, step);
    const all = Uint32Array.from({ length: shape[0] as number }, (_, row) => row);
    const whole = { rows: all, values: denseOf(gradient, shape) };
    p.grad = dense(step) ? whole.values : gradient;
    const report = optimizer.step(options);
    expect(report).toEqual(wanted.step(dense(step) ? whole : gradient, options));
    const { step: t, ...state } = (optimizer.state.get(p) ?? { step }) as unknown as Record<string, Float32Array>;
    expect(Number(t)).toBe(step);
    expect(Object.keys(state)).toEqual(Object.keys(wanted.arrays).slice(1));
    for (const [key, array] of Object.entries({ data: p.data, ...state })) {
      expectSameBits(array, wanted.arrays[key] as Float32Array, `${form.title}, step ${step}: ${key}`);
    }
  }
}

const adam: Form = { title: "Adam", optimizer: "Adam", options: { weight_decay: 1e-2 } };
const centralized: Form = { title: "Adam", optimizer: "Adam", options: { centralize: "all", weight_decay: 1e-2 } };

describe.each(able.map((form) => [form.title, form] as const))("%s", (_, form) => {
  onEveryBackend("updates the rows of a matrix, and leaves the others alone", () => {
    compare(form, { shape: [11, 5], count: 6 });
  });

  it("the same where sparse and dense gradients alternate, from the second step on", () => {
    compare(form, { shape: [11, 5], count: 6, dense: (step) => step % 2 === 0 });
  });

  it("the same where the first gradient is dense", () => {
    compare(form, { shape: [11, 5], count: 6, dense: (step) => step % 2 === 1 });
  });

  it("the same with gradients scaled, clipped and looked through, in a tensor of four dimensions", () => {
    compare(form, { shape: [7, 2, 3, 3], count: 5, options: { gradScale: 0.37, maxGradNorm: 0.5, skipNonFinite: true } });
  });
});

describe("the norm of a sparse gradient has the bits of the dense one", () => {
  describe.each(shapesOfNorms)("%j, %d rows", (shape, count) => {
    onEveryBackend("and so has what is clipped by it", () => {
      compare(adam, { shape, count, steps: 2, options: { maxGradNorm: 0.25 } });
    });

    onEveryBackend("and so have the means of centralization", () => {
      compare(centralized, { shape, count, steps: 2, options: { gradScale: 0.3 } });
    });
  });

  it("together with other parameters, in their order", () => {
    const shape = [50, 33];
    const norms = [true, false].map((isSparse) => {
      const gradient = sparseGradient(shape, 20, 3);
      const grad = isSparse ? gradient : denseOf(gradient, shape);
      const table = parameter(new Float32Array(sizeOf(shape)), { shape, grad: grad as never });
      const [a, b] = [parameter(new Float32Array(5001), { grad: wave(5001, 1) }), parameter(wave(7, 2), { grad: wave(7, 3) })];
      return new SGD([a, table, b]).step({ maxGradNorm: 1 }).gradNorm;
    });
    expect(norms[0]).toBe(norms[1]);
    expect(norms[0]).toBeGreaterThan(0);
  });
});

describe("the number of threads changes no bit", () => {
  itNatively("threads", "of many rows, many of them repeated, clipped and centralized", () => {
    const before = cpu.threads;
    const shape = [4000, 96];
    const results = [1, 2, 5].map((threads) => {
      cpu.threads = threads;
      const p: SparseParameter = parameter(wave(sizeOf(shape), 1), { shape });
      const optimizer = make({ ...centralized }, [p]);
      for (let step = 1; step <= 3; ++step) {
        p.grad = sparseGradient(shape, 9000, step);
        optimizer.step({ maxGradNorm: 1 });
      }
      return p.data;
    });
    cpu.threads = before;
    for (const data of results) expectSameBits(data, results[0] as Float32Array, "data");
    compare(centralized, { shape, count: 9000, steps: 1, options: { maxGradNorm: 1 } });
  });
});

describe("the rows of a gradient", () => {
  it("may be repeated, and are summed in their order, each sum rounded", () => {
    const p: SparseParameter = parameter(new Float32Array(4), { shape: [2, 2] });
    const values = Float32Array.of(1e8, 1, 5, 5, 1, 1, -1e8, 1);
    p.grad = { rows: Uint32Array.of(1, 0, 1, 1), values };
    new SGD([p], { lr: 1 }).step();
    expect([...p.data]).toEqual([-5, -5, 0, -3]); // (1e8 + 1) - 1e8 is 0 in float32
  });

  it("may be none: the step is counted, and changes no row", () => {
    const p: SparseParameter = parameter(wave(6, 1), { shape: [3, 2] });
    const before = p.data.slice();
    const optimizer = make(adam, [p]);
    p.grad = { rows: new Uint32Array(0), values: new Float32Array(0) };
    expect(optimizer.step({ maxGradNorm: 1 })).toEqual({ updated: 1, skipped: false, gradNorm: 0 });
    expect(optimizer.step()).toEqual({ updated: 1, skipped: false });
    expectSameBits(p.data, before, "data");
    expect(optimizer.state.get(p)?.step).toBe(2);
  });

  it("may all be empty", () => {
    const p: SparseParameter = parameter(new Float32Array(0), { shape: [3, 0] });
    p.grad = { rows: Uint32Array.of(2, 0), values: new Float32Array(0) };
    expect(make(adam, [p]).step({ maxGradNorm: 1 })).toEqual({ updated: 1, skipped: false, gradNorm: 0 });
  });

  it("may be written into the same arrays again", () => {
    const shape = [6, 3];
    const data = wave(18, 0);
    const wanted = new RestrictedStep(data, shape, (params) => make(adam, params));
    const p: SparseParameter = parameter(data, { shape });
    const optimizer = make(adam, [p]);
    const grad = { rows: new Uint32Array(4), values: new Float32Array(12) };
    p.grad = grad;
    for (let step = 1; step <= 4; ++step) {
      const { rows, values } = sparseGradient(shape, 4, step);
      grad.rows.set(rows);
      grad.values.set(values);
      optimizer.step();
      wanted.step({ rows, values });
    }
    expectSameBits(p.data, wanted.p.data, "data");
  });

  it("may have values that are the next dense gradient", () => {
    const shape = [4, 3];
    const data = wave(12, 0);
    const p: SparseParameter = parameter(data, { shape });
    const optimizer = make(adam, [p]);
    const wanted = new RestrictedStep(data, shape, (params) => make(adam, params));
    const values = wave(12, 5);
    const rows = Uint32Array.of(3, 3, 1, 0);
    const all = Uint32Array.of(0, 1, 2, 3);
    for (const grad of [{ rows, values }, values, { rows, values }, { rows: all, values }]) {
      p.grad = grad;
      optimizer.step();
      wanted.step("rows" in grad ? grad : { rows: all, values });
    }
    expectSameBits(p.data, wanted.p.data, "data");
  });

  it("are many more than rows of the parameter, or have numbers above 2^16", () => {
    compare(adam, { shape: [3, 7], count: 500, steps: 3 });
    compare(adam, { shape: [70001, 3], count: 300, steps: 3 });
  });
});

describe("in stepAsync", () => {
  it("rows may be changed as soon as it has been called, and the bits are those of step", async () => {
    const shape = [500, 17];
    const [a, b] = [0, 1].map((): SparseParameter => parameter(wave(sizeOf(shape), 1), { shape })) as [
      SparseParameter,
      SparseParameter,
    ];
    const [async, sync] = [make(centralized, [a]), make(centralized, [b])];
    for (let step = 1; step <= 4; ++step) {
      const gradient = sparseGradient(shape, 60, step);
      a.grad = gradient;
      b.grad = { rows: gradient.rows.slice(), values: gradient.values.slice() };
      const promise = async.stepAsync({ maxGradNorm: 1 });
      gradient.rows.fill(0xffffffff);
      expect(await promise).toEqual(sync.step({ maxGradNorm: 1 }));
    }
    expectSameBits(a.data, b.data, "data");
  });
});
