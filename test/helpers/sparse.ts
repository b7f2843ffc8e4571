// Sparse gradients, and the same by hand: the dense step, after which the rows that have no gradient are put back.
import { parameter, type Parameter, type SparseGradient, type StepOptions, type StepReport } from "../../lib";
import { forms, type AnyOptimizer } from "./family";
import { makeRandom } from "./random";

/** Those that take them: neither the whole tensor's norm, nor Lookahead, nor a moving average is a part of them. */
export const able = forms.filter(
  ({ optimizer, options, lookahead }) =>
    !["Fromage", "RangerAdaBelief"].includes(optimizer) &&
    lookahead === undefined &&
    !("lookahead" in options) &&
    !("ema" in options),
);

export const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, k) => Math.sin(3 * k + phase) + 0.1);

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Shapes whose rows lie in one block of a sum, in several, or across their borders; and how many rows a gradient has. */
export const shapesOfNorms: [number[], number][] = [
  [[40, 1], 9],
  [[700, 31], 60],
  [[3000, 16], 40],
  [[12, 4096], 5],
  [[9, 5000], 4],
  [[5, 3, 4097], 3],
  [[2, 20000], 3],
];

/** A gradient of some rows of a tensor, the same for the same seed. About one in four of them is repeated. */
export function sparseGradient(shape: readonly number[], count: number, seed: number): SparseGradient {
  const random = makeRandom(seed);
  const rows = new Uint32Array(count);
  for (let k = 0; k < count; ++k) {
    const repeats = k > 0 && random.below(4) === 0;
    rows[k] = repeats ? (rows[random.below(k)] as number) : random.below(shape[0] as number);
  }
  return { rows, values: wave((count * sizeOf(shape)) / (shape[0] as number), seed) };
}

/** The gradient with all its zeros. */
export function denseOf({ rows, values }: SparseGradient, shape: readonly number[]): Float32Array {
  const dense = new Float32Array(sizeOf(shape));
  const width = dense.length / (shape[0] as number);
  const seen = new Set<number>();
  rows.forEach((row, k) => {
    for (let j = 0; j < width; ++j) {
      const value = values[k * width + j] as number;
      dense[row * width + j] = seen.has(row) ? (dense[row * width + j] as number) + value : value;
    }
    seen.add(row);
  });
  return dense;
}

type Arrays = Record<string, Float32Array>;

/** A dense step that leaves alone the rows that a sparse gradient does not have. */
export class RestrictedStep {
  readonly p: Parameter & { grad: Float32Array | null };
  readonly optimizer: AnyOptimizer;
  readonly #shape: readonly number[];
  /** At what fresh state begins. */
  readonly #begin: number;

  constructor(data: Float32Array, shape: readonly number[], make: (params: object[]) => AnyOptimizer, begin = 0) {
    this.p = parameter(data.slice(), { shape });
    this.#shape = shape;
    this.#begin = begin;
    this.optimizer = make([this.p]);
  }

  get arrays(): Arrays {
    const { step: _, ...arrays } = (this.optimizer.state.get(this.p) ?? {}) as unknown as Arrays;
    return { data: this.p.data, ...arrays };
  }

  step(gradient: SparseGradient, options: StepOptions = {}): StepReport {
    const before = Object.fromEntries(Object.entries(this.arrays).map(([key, array]) => [key, array.slice()]));
    this.p.grad = denseOf(gradient, this.#shape);
    const report = this.optimizer.step(options);
    const width = this.p.data.length / (this.#shape[0] as number);
    const touched = new Set(gradient.rows);
    for (const [key, array] of Object.entries(this.arrays)) {
      const old = before[key] ?? new Float32Array(array.length).fill(this.#begin);
      for (let i = 0; i < array.length; ++i) if (!touched.has(Math.floor(i / width))) array[i] = old[i] as number;
    }
    return report;
  }
}
