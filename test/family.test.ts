import * as library from "../lib";
import { parameter, type Parameter } from "../lib";
import { addon } from "../lib/native";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import {
  exactCases,
  golden,
  gradientsAt,
  initialValues,
  measuredCases,
  recorded,
  recordedStates,
  tensorsIn,
  truth,
  type GoldenCase,
} from "./helpers/golden";

type AnyOptimizer = library.Optimizer<{ lr: number }>;
type Class = new (params: Parameter[], options: object) => AnyOptimizer;

function make({ optimizer, version, options }: GoldenCase, params: Parameter[]): AnyOptimizer {
  const found = (library as unknown as Record<string, Class>)[optimizer] as Class;
  return new found(params, optimizer === "AdaBelief" ? { version, ...options } : options);
}

/** Runs a recorded case and calls `compare` with every snapshot: the key, the step, and what is there. */
function replay(one: GoldenCase, compare: (key: string, step: number, values: Float32Array) => void): void {
  const whole = initialValues();
  const params = tensorsIn(whole).map((data, k) => parameter(data, { shape: golden.shapes[k] as number[] }));
  const optimizer = make(one, params);
  const stateNames = { m: "exp_avg", v: "exp_avg_var", vhat: "max_exp_avg_var" } as Record<string, string>;
  for (let step = 1; step <= golden.steps; ++step) {
    for (const group of optimizer.paramGroups) group.lr = one.schedule[step] ?? group.lr;
    tensorsIn(gradientsAt(one.stream, step)).forEach((grad, k) => ((params[k] as Parameter).grad = grad));
    expect(optimizer.step().updated).toBe(params.length);
    if (golden.param_snapshots.includes(step)) compare("p", step, whole);
    if (!golden.state_snapshots.includes(step)) continue;
    for (const key of statesOf(one, step)) {
      const arrays = params.map(
        (p) => (optimizer.state.get(p) as unknown as Record<string, Float32Array>)[stateNames[key] ?? key],
      );
      compare(key, step, Float32Array.from((arrays as Float32Array[]).flatMap((array) => [...array])));
    }
  }
}

const statesOf = ({ id, torch_float32_error }: GoldenCase, step: number): string[] =>
  torch_float32_error === undefined
    ? recordedStates(id, step)
    : Object.keys(torch_float32_error).flatMap((key) =>
        /^[^p].*\/(\d+)$/.exec(key)?.[1] === String(step) ? key.split("/").slice(0, 1) : [],
      );

describe("the elementwise optimizers have the reference's bits", () => {
  it("covers 11 recorded cases of 7 optimizers", () => {
    expect(exactCases).toHaveLength(11);
    expect(new Set(exactCases.map(({ optimizer }) => optimizer)).size).toBe(7);
  });

  describe.each(exactCases)("$id", (one) => {
    onEveryBackend("at every snapshot", (backend) => {
      let snapshots = 0;
      replay(one, (key, step, values) => {
        expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`);
        snapshots += 1;
      });
      expect(snapshots).toBeGreaterThanOrEqual(golden.param_snapshots.length);
      expect(addon.lastRan()).toBe(backend);
    });
  });
});

/** How far values lie from the truth, relative to its size: the largest, and the root of the mean square. */
function deviation(values: Float32Array, wanted: Float64Array, scaleOf: (index: number) => number): { max: number; rms: number } {
  let max = 0;
  let squares = 0;
  values.forEach((value, i) => {
    const error = Math.abs(value - (wanted[i] as number)) / scaleOf(i);
    max = Math.max(max, error);
    squares += error ** 2;
  });
  return { max, rms: Math.sqrt(squares / values.length) };
}

describe("the TensorFlow rules, and optimizers with a reduction, lose hardly more than PyTorch's own float32", () => {
  it("covers 15 recorded cases", () => {
    expect(measuredCases).toHaveLength(15);
  });

  describe.each(measuredCases)("$id", (one) => {
    onEveryBackend("rms at most 1.5 times, max at most 3 times its loss, and 1e-7 for rounding", (backend) => {
      const start = initialValues();
      let snapshots = 0;
      replay(one, (key, step, values) => {
        const wanted = truth(one.id, key, step);
        const scaleOf = (i: number) =>
          key === "p" ? Math.abs(wanted[i] as number) + Math.abs(start[i] as number) : 2 * Math.abs(wanted[i] as number) + 1e-30;
        const { max, rms } = deviation(values, wanted, scaleOf);
        const torch = one.torch_float32_error?.[`${key}/${step}`] as { max: number; rms: number };
        const where = `${key} at step ${step}`;
        expect({ where, rms, tooMuch: !(rms <= 1.5 * torch.rms + 1e-7) }).toMatchObject({ where, tooMuch: false });
        expect({ where, max, tooMuch: !(max <= 3 * torch.max + 1e-7) }).toMatchObject({ where, tooMuch: false });
        snapshots += 1;
      });
      expect(snapshots).toBeGreaterThanOrEqual(golden.param_snapshots.length);
      expect(addon.lastRan()).toBe(backend);
    });
  });
});
