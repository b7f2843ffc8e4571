import { cpu } from "../lib/index";
import { variants, type Variant } from "./cases";
import { measure, type Result } from "./measure";

export interface Plan {
  sizes: readonly number[];
  variants: readonly Variant[];
  backends: readonly string[];
  threads: readonly number[];
  repeats: number;
}

/** Measures every size with every variant. `onCase` is told what comes next, and which share is done. */
export function runPlan(plan: Plan, onCase: (what: string, share: number) => void = () => undefined): Result[] {
  const cases = plan.sizes.flatMap((size) => plan.variants.map((variant) => ({ size, variant })));
  return cases.flatMap(({ size, variant }, k) => {
    onCase(`${variant.name}, ${size} parameters`, k / cases.length);
    return measure({ variant, tensors: [size], backends: plan.backends, threads: plan.threads, repeats: plan.repeats });
  });
}

export const allVariants: readonly string[] = variants.map(({ name }) => name);

export const availableBackends = (): readonly string[] => cpu.backends;
