import type * as library from "../../../lib";

export interface Run {
  data: Float32Array;
  average: Float32Array | undefined;
  reports: unknown[];
  dict: library.StateDict | null;
}

/** Each feature alone, and every pair of them. */
export const pairs: readonly (readonly string[])[];
export function train(
  adabelief: typeof library,
  features: readonly string[],
  options: { ranks: number; folder: string },
): Promise<Run>;

export interface Summary {
  hash: string;
  reports: unknown[];
}
export function summaryOf(run: Run): Summary;
