import type * as library from "../../../lib";

type Named = { optimizer: string; options?: object; lookahead?: object; clipped: boolean };
type Run = { from?: number; steps: number; batches: number; state?: { dict: library.StateDict; data: readonly Float32Array[] } };

export function makeParameters(adabelief: typeof library): (library.Parameter & { grad: Float32Array | null })[];
export function makeOptimizer(
  adabelief: typeof library,
  parameters: readonly library.Parameter[],
  form: Named,
): library.Optimizer;
export function trainAlone(
  adabelief: typeof library,
  form: Named,
  run: Run,
): { parameters: library.Parameter[]; optimizer: library.Optimizer; norms: (number | null)[] };
export function makeLarge(adabelief: typeof library): { p: library.Parameter; inner: library.Optimizer };
