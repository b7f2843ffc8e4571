// What a step does with the rows of each group.
import type { Group } from "../groups/group";
import type { StepPlan } from "./step-plan";

export class GroupPlanner<O extends object> {
  /**
   * @param counts the steps of each parameter so far
   * @param statesOfVariant how many state arrays each variant needs
   */
  constructor(
    private readonly counts: readonly number[],
    private readonly statesOfVariant: readonly number[],
  ) {}

  /** Finds the sets of a group's rows, and the arrays that they need. */
  plan(group: Group<O>, plan: StepPlan, stream: bigint): void {
    group.beginStep();
    if (plan.isSteady && this.planAgain(group, plan)) return;
    const { grad, kept, count, request } = plan;
    const { setOfRow } = request;
    const { first, end, buffers } = group;
    const counts = this.counts;
    let [lastStep, lastKept, set, states, wanted, updated, kinds] = [0, 0, -1, 0, 0, 0, 0];
    let last = first;
    for (let row = first; row < end; ++row) {
      if (grad[row] === null) {
        plan.skip(row);
        continue;
      }
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
      last = row;
      if ((setOfRow[row] as number) < 0) plan.restless = true;
      setOfRow[row] = set;
      if (has !== wanted) plan.takeState(row, states, buffers, stream);
      updated += 1;
    }
    plan.updated += updated;
    group.planned = kinds > 1 ? null : { row: last, set, states, buffers, updated };
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
      plan.updated += updated;
    }
    return true;
  }
}
