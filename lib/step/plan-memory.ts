// Whether the arrays of a plan's rows still have their memory.
import { lengthOf } from "../errors";
import { liveLength, type Floats, type StateArray } from "../arrays/placement";
import { host, role } from "../native/engine";
import { requireUnchanged } from "./memory-checks";
import { watch } from "./row-marks";
import type { StepPlan } from "./step-plan";
import type { TrackedParameter } from "./tracked-parameter";

/** Checks all arrays of a step whose rows are as they were. */
export function requireAllMemory(plan: StepPlan, disposed: boolean): void {
  const { active, updated } = plan;
  for (let k = 0; k < updated; ++k) {
    const row = active[k] as number;
    if (mayBeGone(plan, row, disposed)) requireMemory(plan, row, true);
  }
}

/** Whether a row's memory may be gone. Most rows are found to be as they were by two lengths. */
export function mayBeGone({ data, grad, lengths, watch: watched }: StepPlan, row: number, disposed: boolean): boolean {
  const where = watched[row] as number;
  if (where !== watch.usual) return where !== watch.disposals || disposed;
  const length = lengths[row];
  return lengthOf(data[row] as Float32Array) !== length || lengthOf(grad[row] as Float32Array) !== length;
}

/** Checks that the arrays of a row still have their memory. A new gradient is checked when it is bound: then `withGradient` is false. */
export function requireMemory(plan: StepPlan, row: number, withGradient: boolean): void {
  const tracked = plan.parameters[row] as TrackedParameter;
  const data = plan.data[row] as Floats;
  const out = plan.out[row] as Floats;
  requireUnchanged(tracked, data, role.data);
  if (out !== data) requireUnchanged(tracked, out, role.out);
  if (withGradient) requireUnchanged(tracked, plan.grad[row] as Floats, role.grad);
  if (!tracked.exposed && tracked.place === host) return;
  const states = plan.states[row] as readonly StateArray[];
  const slow = plan.slow[row] as Floats | null;
  const ema = plan.ema[row] as Floats | null;
  for (let k = 0; k < states.length; ++k) requireUnchanged(tracked, states[k] as StateArray, role.state + k);
  if (slow !== null) requireUnchanged(tracked, slow, role.slow);
  if (ema !== null) requireUnchanged(tracked, ema, role.ema);
}

/** The same for a row that takes no part. */
export function hasMemory(plan: StepPlan, { index, length, place }: TrackedParameter): boolean {
  const slow = plan.slow[index] as Floats | null;
  const ema = plan.ema[index] as Floats | null;
  if (slow !== null && liveLength(slow, place) !== length) return false;
  if (ema !== null && liveLength(ema, place) !== length) return false;
  if (liveLength(plan.data[index] as Floats, place) !== length || liveLength(plan.out[index] as Floats, place) !== length) {
    return false;
  }
  const states = plan.states[index] as readonly StateArray[];
  for (let k = 0; k < states.length; ++k) {
    if (liveLength(states[k] as StateArray, place) !== length) return false;
  }
  return true;
}
