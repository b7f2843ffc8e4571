// The arrays of a plan's rows, by what they are.
import type { Floats, StateArray } from "../arrays/placement";
import { role } from "../native/engine";
import type { StepPlan } from "./step-plan";

/** The array of a row's gradient: of a sparse one, its values. */
export function gradientOf(plan: StepPlan, row: number): Floats | null {
  const rows = plan.sparse.get(row);
  return rows === undefined ? (plan.grad[row] as Floats | null) : rows.values;
}

/** The array of a row that a role names. */
export function arrayOf(plan: StepPlan, row: number, which: number): StateArray | null | undefined {
  if (which === role.data) return plan.data[row];
  if (which === role.out) return plan.out[row];
  if (which === role.grad) return gradientOf(plan, row);
  if (which === role.slow) return plan.slow[row];
  return which === role.ema ? plan.ema[row] : plan.states[row]?.[which - role.state];
}
