// The way of a step: validate → plan → bind → run → commit.
import { gradients, host, statesOfVariants } from "../native/engine";
import type { Floats, StateArray } from "../arrays/placement";
import type { Group, PlannedGroup } from "../groups/group";
import type { Parameter } from "../parameter";
import type { Rule } from "../rule/rule";
import { obstacleError } from "./memory-checks";
import { ParameterTable } from "./parameter-table";
import { NormSlots } from "./norm-slots";
import { pinAll } from "./pin";
import { RegisteredMemory } from "./registered-memory";
import { gradientOf } from "./plan-arrays";
import { commitSparse, planSparse } from "./plan-sparse";
import { reportOf, type ReadStepOptions, type StepReport } from "./step-options";
import { StepPlan } from "./step-plan";
import { TrackedParameter } from "./tracked-parameter";

/** The parameters of an optimizer, and its steps over them. */
export class Steps<O extends object> {
  readonly #all: TrackedParameter[] = [];
  readonly #memory = new RegisteredMemory();
  /** The steps of each parameter so far. */
  readonly #counts: number[] = [];
  readonly #table: ParameterTable;
  readonly #norms: NormSlots;
  readonly #statesOfVariant: readonly number[];
  #plan = new StepPlan([]);

  constructor(readonly rule: Rule<O>) {
    this.#table = new ParameterTable(rule.formula);
    this.#norms = new NormSlots(this.#table);
    this.#statesOfVariant = statesOfVariants(rule.formula);
  }

  get parameters(): readonly TrackedParameter[] {
    return this.#all;
  }

  /** Makes a parameter that can be added. `after` is how many others were made since the last `add`. */
  track(parameter: Parameter<Floats>, after: number): TrackedParameter {
    return new TrackedParameter(parameter, this.parameters.length + after, this.rule.states, this.#counts);
  }

  /** Adds parameters. Where two of them overlap, none is added. Their memory is looked up when they first step. */
  add(added: readonly TrackedParameter[]): void {
    const before = this.#all.length;
    for (const tracked of added) {
      this.#all.push(tracked);
      this.#counts.push(0);
    }
    try {
      this.#memory.add(added, this.#all);
      // Few at a time wait for the next step, or adding one by one would take quadratic time.
      if (this.#all.length >= 2 * this.#plan.parameters.length) this.#catchUp();
    } catch (cause) {
      this.#all.length = this.#counts.length = before;
      this.#memory.forget();
      throw cause;
    }
  }

  /** Makes the plan and the table as long as the parameters. */
  #catchUp(): void {
    const before = this.#plan;
    if (before.parameters.length === this.#all.length) return;
    this.#plan = new StepPlan([...this.#all], before);
    try {
      this.#table.resize(this.#plan);
    } catch (cause) {
      this.#plan = new StepPlan(before.parameters, before);
      this.#table.resize(this.#plan); // which needs no more memory than there was
      throw cause;
    }
  }

  /** Forgets every parameter, and its state. */
  clear(): void {
    for (const tracked of this.parameters) this.setState(tracked);
    this.#all.length = this.#counts.length = 0;
    this.#memory.forget();
    this.#plan = new StepPlan([]);
    this.#table.resize(this.#plan);
  }

  /** Notes that other code can reach the state of a parameter, and could detach it. */
  expose(tracked: TrackedParameter): void {
    tracked.exposed = true;
    if (this.#isPlanned(tracked)) this.#plan.look(tracked);
  }

  /** Replaces the state of a parameter; without arrays, back to before its first step. */
  setState(tracked: TrackedParameter, ...state: Parameters<TrackedParameter["setState"]>): void {
    tracked.setState(...state);
    if (this.#isPlanned(tracked)) this.#plan.forget(tracked);
  }

  /** Whether the plan has a row for a parameter. It has none yet for what was added since the last step. */
  #isPlanned({ index }: TrackedParameter): boolean {
    return index < this.#plan.parameters.length;
  }

  /** One update of every parameter that has a gradient. Where it throws, nothing was written. */
  step(groups: readonly Group<O>[], options: ReadStepOptions): StepReport {
    const plan = this.#prepare(groups, options);
    if (plan.updated === 0) return { updated: 0, skipped: false };
    this.#offerSlot(plan, options);
    const obstacle = this.#table.run(plan);
    if (obstacle) throw obstacleError(obstacle, this.parameters);
    return this.#commit(plan);
  }

  /** Makes all checks of a step, and room for its state. Nothing is written; a step that follows finds that room. */
  check(groups: readonly Group<O>[]): void {
    this.#prepare(groups, {});
  }

  /** The same on another thread. All checks are made, and may throw, before it returns. */
  stepAsync(groups: readonly Group<O>[], options: ReadStepOptions): Promise<StepReport> {
    const plan = this.#prepare(groups, options);
    if (plan.updated === 0) return Promise.resolve({ updated: 0, skipped: false });
    // Pinning calls functions that a program may have replaced, so memory is checked again.
    if (this.#pin(plan)) this.#table.bind(plan);
    const started = this.#table.runAsync(plan, plan);
    if (!("then" in started)) throw obstacleError(started, this.parameters);
    this.#norms.busy = true;
    return started.then(() => this.#commit(plan)).finally(() => (this.#norms.busy = false));
  }

  /** Waits until the devices are done with all steps so far. */
  synchronize(): void {
    this.#table.synchronize();
  }

  /** Lets a step leave the norm on the device. One with parameters elsewhere, or one that may be skipped, waits for it all the same. */
  #offerSlot(plan: StepPlan, { maxGradNorm, skipNonFinite = false, stream = 0n }: ReadStepOptions): void {
    const place = this.parameters[0]?.place ?? host;
    if (maxGradNorm === undefined || skipNonFinite || place === host) return;
    plan.request.gradients[gradients.slot] = this.#norms.take(place, stream);
  }

  #prepare(groups: readonly Group<O>[], options: ReadStepOptions): StepPlan {
    this.#validate(groups);
    const plan = this.#makePlan(groups, options);
    this.#table.bind(plan);
    return plan;
  }

  /** Reads options and parameters. All foreign code of a step runs here. */
  #validate(groups: readonly Group<O>[]): void {
    for (let g = 0; g < groups.length; ++g) (groups[g] as Group<O>).read();
    this.#catchUp();
    this.#plan.read();
  }

  #makePlan(groups: readonly Group<O>[], options: ReadStepOptions): StepPlan {
    const plan = this.#plan;
    const { stream = 0n } = options;
    // Zeros that a refused step left were written in the order of the other stream.
    if (this.#table.useStream(stream)) for (const tracked of this.parameters) plan.forget(tracked);
    plan.request.begin(options);
    plan.count = this.rule.oneCount === true ? 1 + mostOf(this.#counts) : undefined;
    let done = 0;
    for (let g = 0; g < groups.length; ++g) done = this.#planGroup(groups[g] as Group<O>, plan, stream, done);
    return plan;
  }

  /** Plans the rows of a group, of which `done` come before it. Returns how many rows are planned then. */
  #planGroup(group: Group<O>, plan: StepPlan, stream: bigint, done: number): number {
    group.beginStep();
    if (plan.isSteady && this.#planAgain(group, plan)) return done + (group.planned as PlannedGroup).updated;
    const { active, updated, kept, count, request } = plan;
    const { setOfRow } = request;
    const { end, buffers, stateDtype } = group;
    const counts = this.#counts;
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
        states = this.#statesOfVariant[request.variants[set] as number] as number;
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
  #planAgain(group: Group<O>, plan: StepPlan): boolean {
    const { planned } = group;
    if (planned === null) return false;
    const { row, set, states, buffers, updated } = planned;
    if (updated > 0) {
      const { count, kept, request } = plan;
      const next = group.set(count ?? (this.#counts[row] as number) + 1, kept[row] as number, request);
      const needed = this.#statesOfVariant[request.variants[next] as number];
      if (next !== set || needed !== states || buffers !== group.buffers) return false;
    }
    return true;
  }

  /** Keeps the memory of a step where it is. Returns whether any was not pinned before. */
  #pin(plan: StepPlan): boolean {
    let pinned = false;
    for (const tracked of this.parameters) {
      const { index, place } = tracked;
      if ((plan.request.setOfRow[index] as number) < 0 || place !== host) continue;
      const states = plan.states[index] as readonly StateArray[];
      const { data, out, slow, ema } = plan;
      const own = [data[index], out[index], gradientOf(plan, index), slow[index], ema[index], states[0], states[1], states[2]];
      if (pinAll(own, () => this.expose(tracked))) pinned = true; // what pins memory sees it
    }
    return pinned;
  }

  /** Counts a step that is done, and takes over its state; or finds that it was skipped. */
  #commit(plan: StepPlan): StepReport {
    const { request, updated, count } = plan;
    const gradNorm = request.gradients[gradients.norm] as number;
    if (request.gradients[gradients.skipped] === 1) return { updated: 0, skipped: true, gradNorm };
    const { active } = plan;
    const counts = this.#counts;
    for (let k = 0; k < updated; ++k) {
      const row = active[k] as number;
      counts[row] = count ?? (counts[row] as number) + 1;
    }
    if (plan.pending) plan.commit();
    if (plan.sparse.size > 0) commitSparse(plan);
    plan.settle();
    if (gradNorm === gradients.leftOnDevice) return reportOf(updated, this.#norms.keep());
    return gradNorm === -1 ? { updated, skipped: false } : { updated, skipped: false, gradNorm };
  }
}

function mostOf(counts: readonly number[]): number {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
}
