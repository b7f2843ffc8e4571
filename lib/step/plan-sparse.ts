// Plans the parameters that are updated by rows: those with a sparse gradient, or with a count for each row.
import { typeError } from "../errors";
import type { Group } from "../groups/group";
import { addon, host } from "../native/engine";
import type { CommonOptions } from "../options/common";
import type { Rule } from "../rule/rule";
import type { StepPlan } from "./step-plan";
import { bufferBits, statesMask, type TrackedParameter } from "./tracked-parameter";

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with an array as `this`
const fill = Function.prototype.call.bind(Float32Array.prototype.fill) as (array: Float32Array, value: number) => void;

/** Why a rule takes no sparse gradient: it needs the whole tensor. */
function whyNot<O extends object>(rule: Rule<O>, group: Group<O>, plan: StepPlan, tracked: TrackedParameter): string | undefined {
  const { index, dimensions, place } = tracked;
  if (dimensions < 2) return "give it a shape of two dimensions or more, whose first one counts the rows";
  if (place !== host) return "sparse gradients are for parameters on the host, and it lies on a device";
  if (addon.formulas[rule.formula]?.norms === true) return `${rule.optimizer} needs the norm of the whole parameter`;
  if (group.stateDtype !== "float32") return `its state must be float32, and state_dtype is ${JSON.stringify(group.stateDtype)}`;
  if (group.buffers !== 0) {
    const what = (group.buffers & bufferBits.slow) !== 0 ? "Lookahead" : "ema";
    return `${what} moves every element, also of rows that have no gradient`;
  }
  if (plan.out[index] !== plan.data[index]) return "with out every element is written; leave out away";
  return undefined;
}

/** Takes over the sparse gradients of a group's parameters, and counts their rows. Nothing of a parameter is changed. */
export function planSparse<O extends object>(rule: Rule<O>, group: Group<O>, plan: StepPlan): void {
  const { first, end } = group;
  for (const [row, rows] of plan.sparse) {
    if (row < first || row >= end || plan.grad[row] === null) continue;
    const tracked = plan.parameters[row] as TrackedParameter;
    const obstacle = rows.isSparse ? whyNot(rule, group, plan, tracked) : undefined;
    if (obstacle !== undefined) throw typeError("ERR_SPARSE", `${tracked.label}: its grad is sparse; ${obstacle}`);
    rows.take(tracked);
    if (tracked.states.length === 0) beginStates(rule, group, plan, row);
    if ((group.options as CommonOptions).sparse_step !== "row") {
      rows.countTogether();
      continue;
    }
    const kept = plan.kept[row] as number;
    const { setOfRow } = plan.request;
    rows.countEach(tracked, (t) => {
      const set = group.set(t, t === 1 ? kept & ~statesMask : kept, plan.request);
      return (setOfRow[row] = set);
    });
  }
}

/** State that does not begin at zero begins in all rows at once. */
function beginStates<O extends object>(rule: Rule<O>, group: Group<O>, plan: StepPlan, row: number): void {
  const value = rule.begins?.(group.options) ?? 0;
  if (value === 0) return;
  for (const array of plan.states[row] ?? []) fill(array as Float32Array, value);
}

/** Counts the rows of a step that is done. */
export function commitSparse(plan: StepPlan): void {
  for (const [row, rows] of plan.sparse) {
    if ((plan.request.setOfRow[row] as number) < 0) continue;
    const tracked = plan.parameters[row] as TrackedParameter;
    rows.commit(tracked);
    plan.look(tracked);
  }
}
