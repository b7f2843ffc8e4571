// What every optimizer is run with where the command line says nothing. One rule for all: the classes' own defaults, and that lr of
// `grid` with which it settles within the tolerance of the minimum in the fewest of 10,000 steps; where none does, the one that ends
// nearest; of equals the smallest; none that diverged, unless all do. A test runs the grid and finds this table.
import { problems, type Problem } from "./problems";

export const defaultSteps = 10_000;

/** The learning rates that everyone is tried with. */
export const grid: readonly number[] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];

export type Settings = Readonly<Record<string, unknown>>;

/** The lr of each optimizer, in the order of `problems`. One that is not here runs with its class's own lr. */
const rates: Readonly<Record<string, readonly number[]>> = {
  // l1, l1-inseparable, l2-inseparable, l1-scaled, beale, rosenbrock
  AdaBelief: [1e-3, 1e-3, 3e-2, 1e-3, 1e-2, 3e-3],
  AdaBound: [1e-4, 1e-4, 3e-2, 1e-4, 3e-3, 3e-4],
  Adam: [3e-3, 1e-3, 3e-2, 3e-3, 1e-2, 3e-3],
  AdamW: [1e-3, 1e-3, 3e-2, 1e-3, 1e-2, 3e-3],
  Fromage: [1e-1, 1e-1, 1e-1, 1e-1, 3e-4, 1e-2],
  MSVAG: [3e-3, 3e-3, 1e-1, 1e-2, 1e-1, 3e-2],
  RAdam: [3e-3, 1e-3, 3e-2, 1e-3, 3e-3, 3e-3],
  RangerAdaBelief: [3e-3, 1e-2, 1e-1, 3e-3, 3e-2, 3e-3],
  SGD: [3e-4, 3e-4, 1e-1, 3e-4, 1e-2, 3e-3],
  Yogi: [1e-3, 3e-3, 1e-1, 1e-3, 1e-1, 1e-1],
};

/** Those of the paper's comparison: who runs where the command line names nobody. */
export const compared: readonly string[] = Object.keys(rates).map((name) => name.toLowerCase());

/**
 * What differs from a class's defaults beside lr, because the default would make it another thing than is meant: SGD has the momentum
 * of the AdaBelief paper's comparison, which is β1 of most others; AdaBound's final_lr keeps its default proportion to lr, as it does
 * under a schedule, or lr would only say how it begins.
 */
const companions: Readonly<Record<string, (lr: number) => Settings>> = {
  SGD: () => ({ momentum: 0.9 }),
  AdaBound: (lr) => ({ final_lr: 100 * lr }),
};

/** The options of a run: those given, and the settings for the rest. */
export function withSettings(problem: Problem, optimizer: string, given: Settings): Settings {
  const rate = rates[optimizer]?.[problems.indexOf(problem)];
  const lr = given["lr"] ?? rate;
  const companion = typeof lr === "number" ? companions[optimizer]?.(lr) : undefined;
  return { ...(lr === undefined ? {} : { lr }), ...companion, ...given };
}
