// Plans the parameters that are updated by rows: those with a sparse gradient, or with a count for each row.
import { typeError } from "../errors";
import type { Group } from "../groups/group";
import { fillWith, type Floats } from "../arrays/placement";
import { addon } from "../native/engine";
import type { CommonOptions } from "../options/common";
import type { Rule } from "../rule/rule";
import { cannotCapture } from "./capture-error";
import type { SparseRows } from "./sparse-rows";
import type { StepPlan } from "./step-plan";
import { bufferBits, statesMask, type TrackedParameter } from "./tracked-parameter";

/** Why a rule takes no sparse gradient: it needs the whole tensor. */
function whyNot<O extends object>(rule: Rule<O>, group: Group<O>, plan: StepPlan, tracked: TrackedParameter): string | undefined {
  const { index, dimensions } = tracked;
  if (dimensions < 2) return "give it a shape of two dimensions or more, whose first one counts the rows";
  if (addon.formulas[rule.formula]?.norms === true) return `${rule.optimizer} needs the norm of the whole parameter`;
  if (group.stateDtype !== "float32") return `its state must be float32, and state_dtype is ${JSON.stringify(group.stateDtype)}`;
  if (group.buffers !== 0) {
    const what = (group.buffers & bufferBits.slow) !== 0 ? "Lookahead" : "ema";
    return `${what} moves every element, also of rows that have no gradient`;
  }
  if (plan.out[index] !== plan.data[index]) return "with out every element is written; leave out away";
  return undefined;
}

/** Refuses to update rows in a step that a graph may repeat: its launches are for certain rows, and those of the next gradient are others. */
function requireNoGraph<O extends object>({ capturable }: Group<O>, { label }: TrackedParameter, { isSparse }: SparseRows): void {
  if (!capturable) return;
  const what = isSparse ? "its grad is sparse" : "its rows have counts of their own (row_steps)";
  throw cannotCapture(`capturable: ${label}: ${what}, and a graph repeats the same launches; step without capturable`);
}

/** Takes over the sparse gradients of a group's parameters, and counts their rows. Nothing of a parameter is changed. */
export function planSparse<O extends object>(rule: Rule<O>, group: Group<O>, plan: StepPlan): void {
  const { first, end } = group;
  for (const [row, rows] of plan.sparse) {
    if (row < first || row >= end || plan.grad[row] === null) continue;
    const tracked = plan.parameters[row] as TrackedParameter;
    const obstacle = rows.isSparse ? whyNot(rule, group, plan, tracked) : undefined;
    if (obstacle !== undefined) throw typeError("ERR_SPARSE", `${tracked.label}: its grad is sparse; ${obstacle}`);
    requireNoGraph(group, tracked, rows);
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
  for (const array of plan.states[row] ?? []) fillWith(value, array as Floats, plan.stream);
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
