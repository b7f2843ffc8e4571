import type { Device, Memory, Mode, Model, Variant } from "./cases";
import { measure, type Result } from "./measure";

export interface Plan {
  device: Device;
  models: readonly Model[];
  variants: readonly Variant[];
  backends: readonly string[];
  threads: readonly number[];
  modes: readonly Mode[];
  memories: readonly Memory[];
  peers: boolean;
  repeats: number;
}

/** Measures every model with every variant. `onCase` is told what comes next, and which share is done. */
export async function runPlan(plan: Plan, onCase: (what: string, share: number) => void = () => undefined): Promise<Result[]> {
  const cases = plan.models.flatMap((model) => plan.variants.map((variant) => ({ ...plan, model, variant })));
  const results: Result[] = [];
  for (const [k, one] of cases.entries()) {
    onCase(`${one.variant.name}, ${one.model.name}`, k / cases.length);
    results.push(...(await measure(one)));
  }
  return results;
}
