// Recorded cases, run by the classes over arrays that lie anywhere.
import * as library from "../../lib";
import { parameter, type AnyParameter, type Floats, type Optimizer, type Parameter } from "../../lib";
import { expectSameBits } from "./bits";
import { golden, gradientsAt, initialValues, recordedStates, tensorsIn, type GoldenCase } from "./golden";
import { onHost, type Placement } from "./placement";

type AnyOptimizer = Optimizer<{ lr: number }>;
type Class = new (params: readonly AnyParameter[], options: object) => AnyOptimizer;

/** A case at work: its optimizer and parameters, the tensors that they began as. */
export interface Replay {
  readonly one: GoldenCase;
  readonly placement: Placement;
  readonly optimizer: AnyOptimizer;
  readonly parameters: readonly Parameter<Floats>[];
}

/** The optimizer of a recorded case over its five parameters. */
export function begin(one: GoldenCase, placement = onHost, values = initialValues()): Replay {
  const parameters = tensorsIn(values).map((data, k) =>
    parameter(placement.put(data), { shape: golden.shapes[k] as number[] }),
  ) as Parameter<Floats>[];
  const found = (library as unknown as Record<string, Class>)[one.optimizer] as Class;
  const options = one.optimizer === "AdaBelief" ? { version: one.version, ...one.options } : one.options;
  return { one, placement, parameters, optimizer: new found(parameters as AnyParameter[], options) };
}

/** Steps `from` to `to`; after each of them `after` is called. No gradient may be written. */
export function train(
  { one, placement, parameters, optimizer }: Replay,
  from: number,
  to: number,
  after = (_step: number) => {},
): void {
  const { id, stream, schedule, skip } = one;
  for (let step = from; step <= to; ++step) {
    for (const group of optimizer.paramGroups) group.lr = schedule[step] ?? group.lr;
    const missing = skip[step] ?? [];
    const gradients = tensorsIn(gradientsAt(stream, step));
    parameters.forEach((p, k) => {
      p.grad = missing.includes(k) ? null : placement.put(gradients[k] as Float32Array);
    });
    expect(optimizer.step().updated).toBe(parameters.length - missing.length);
    tensorsIn(gradientsAt(stream, step)).forEach((untouched, k) => {
      const { grad } = parameters[k] as Parameter<Floats>;
      if (!grad) return;
      expectSameBits(placement.get(grad), untouched, `${id}: gradient ${k} of step ${step}`);
      placement.drop(grad);
    });
    after(step);
  }
}

const join = (arrays: readonly Float32Array[]) => Float32Array.from(arrays.flatMap((array) => [...array]));

/** The parameters' values, end to end. */
export const valuesOf = ({ parameters, placement }: Replay): Float32Array =>
  join(parameters.map(({ data }) => placement.get(data)));

const stateNames: Record<string, string> = { m: "exp_avg", v: "exp_avg_var", vhat: "max_exp_avg_var" };

/** A state of all parameters, end to end. */
export function stateOf({ parameters, placement, optimizer }: Replay, key: string): Float32Array {
  const name = stateNames[key] ?? key;
  const read = placement === onHost ? onHost.get : (array: Floats) => (array as library.CudaArray).read();
  return join(parameters.map((p) => read((optimizer.state.get(p) as unknown as Record<string, Floats>)[name] as Floats)));
}

const statesAt = ({ id, torch_float32_error }: GoldenCase, step: number): string[] =>
  torch_float32_error === undefined
    ? recordedStates(id, step)
    : Object.keys(torch_float32_error).flatMap((key) =>
        /^[^p].*\/(\d+)$/.exec(key)?.[1] === String(step) ? key.split("/").slice(0, 1) : [],
      );

/** Runs a recorded case and calls `compare` with every snapshot: the key, the step, and what is there. */
export function replay(
  one: GoldenCase,
  compare: (key: string, step: number, values: Float32Array) => void,
  placement = onHost,
): void {
  const run = begin(one, placement);
  let snapshots = 0;
  train(run, 1, golden.steps, (step) => {
    if (golden.param_snapshots.includes(step)) {
      compare("p", step, valuesOf(run));
      snapshots += 1;
    }
    if (!golden.state_snapshots.includes(step)) return;
    for (const key of statesAt(one, step)) compare(key, step, stateOf(run, key));
  });
  expect(snapshots).toBe(golden.param_snapshots.length);
}
