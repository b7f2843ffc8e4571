// What a step does with the rows of each group.
import type { Group, PlannedGroup } from "../groups/group";
import type { Rule } from "../rule/rule";
import { planSparse } from "./plan-sparse";
import type { StepPlan } from "./step-plan";

export class GroupPlanner<O extends object> {
  /**
   * @param counts the steps of each parameter so far
   * @param statesOfVariant how many state arrays each variant needs
   */
  constructor(
    private readonly rule: Rule<O>,
    private readonly counts: readonly number[],
    private readonly statesOfVariant: readonly number[],
  ) {}

  /** Finds the sets of a group's rows, of which `done` come before it, and the arrays that they need. Returns how many rows are planned then. */
  plan(group: Group<O>, plan: StepPlan, stream: bigint, done: number): number {
    group.beginStep();
    if (plan.isSteady && this.planAgain(group, plan)) return done + (group.planned as PlannedGroup).updated;
    const { active, updated, kept, count, request } = plan;
    const { setOfRow } = request;
    const { end, buffers, stateDtype } = group;
    const counts = this.counts;
    let [lastStep, lastKept, set, states, wanted, kinds, row] = [0, 0, -1, 0, 0, 0, 0];
    let place = done;
    for (; place < updated; ++place) {
      const next = active[place] as number;
      if (next >= end) break;
      row = next;
      const t = count ?? (counts[row] as number) + 1;
      const has = kept[row] as number;
      if (t !== lastStep || has !== lastKept) {
        set = group.set(t, has, request);
        states = this.statesOfVariant[request.variants[set] as number] as number;
        wanted = states | buffers;
        lastStep = t;
        lastKept = has;
        kinds += 1;
      }
      setOfRow[row] = set;
      if (has !== wanted) plan.takeState(row, states, stateDtype, buffers, stream);
    }
    group.planned = kinds > 1 ? null : { row, set, states, buffers, updated: place - done };
    if (plan.sparse.size > 0) planSparse(this.rule, group, plan);
    return place;
  }

  /** Plans a group as for the last step, without a look at its rows. Returns false where more than the number of the step is new. */
  planAgain(group: Group<O>, plan: StepPlan): boolean {
    const { planned } = group;
    if (planned === null) return false;
    const { row, set, states, buffers, updated } = planned;
    if (updated > 0) {
      const { count, kept, request } = plan;
      const next = group.set(count ?? (this.counts[row] as number) + 1, kept[row] as number, request);
      const needed = this.statesOfVariant[request.variants[next] as number];
      if (next !== set || needed !== states || buffers !== group.buffers) return false;
    }
    return true;
  }
}
