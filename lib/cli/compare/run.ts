import type { Point, Problem } from "./problems";

/** How near the minimum is near enough. */
export const tolerance = 1e-3;

/** What a run needs of an optimizer. */
export interface Stepper {
  step(): unknown;
  dispose(): void;
}

export interface Outcome {
  /** Where it ended: after the last step, or with the last finite values before it diverged. */
  readonly final: Point;
  readonly value: number;
  /** From there to the minimum. */
  readonly distance: number;
  /** The first step from which on it stays within the tolerance of the minimum; null: there is none. */
  readonly settled: number | null;
  /** The step that made a value infinite or NaN, which ends a run; null: none did. */
  readonly diverged: number | null;
}

/**
 * Minimizes a problem from its start. The parameter is one tensor of two float32 elements; its gradient is computed in double and
 * rounded to float32.
 *
 * @param make makes the optimizer of one parameter
 * @param onStep is told where every step, and the start as step 0, arrived
 */
export function run(
  problem: Problem,
  make: (parameter: { data: Float32Array; grad: Float32Array }) => Stepper,
  steps: number,
  onStep: (x: number, y: number, step: number) => void = () => undefined,
): Outcome {
  const data = Float32Array.from(problem.start);
  const grad = new Float32Array(2);
  const optimizer = make({ data, grad });
  let [x, y] = data as unknown as Point;
  let settled: number | null = null;
  let diverged: number | null = null;
  onStep(x, y, 0);
  for (let step = 1; step <= steps && diverged === null; ++step) {
    grad.set(problem.gradient(x, y));
    optimizer.step();
    const [nextX, nextY] = data as unknown as Point;
    if (!Number.isFinite(problem.value(nextX, nextY))) {
      diverged = step;
      settled = null;
      continue;
    }
    [x, y] = [nextX, nextY];
    if (distanceTo(problem.minimum, x, y) > tolerance) settled = null;
    else settled ??= step;
    onStep(x, y, step);
  }
  optimizer.dispose();
  return { final: [x, y], value: problem.value(x, y), distance: distanceTo(problem.minimum, x, y), settled, diverged };
}

/** Not by Math.hypot, which engines round as they like. */
const distanceTo = ([a, b]: Point, x: number, y: number): number => Math.sqrt((x - a) * (x - a) + (y - b) * (y - b));
