// The way of a step: validate → plan → bind → run → commit.
import { gradients, statesOfVariants } from "../native/engine";
import type { Floats } from "../arrays/placement";
import type { Group } from "../groups/group";
import type { Parameter } from "../parameter";
import type { Rule } from "../rule/rule";
import { obstacleError } from "./memory-checks";
import { Capturable } from "./capturable";
import { cannotCapture } from "./capture-error";
import { ParameterTable } from "./parameter-table";
import { GroupPlanner } from "./group-planner";
import { NormSlots } from "./norm-slots";
import { pinPlan } from "./pin-plan";
import { RegisteredMemory } from "./registered-memory";
import { Retained } from "./retained";
import { StepCounts } from "./step-counts";
import { commitSparse } from "./plan-sparse";
import { reportOf, type ReadStepOptions, type StepReport } from "./step-options";
import { StepPlan } from "./step-plan";
import { TrackedParameter } from "./tracked-parameter";

/** The parameters of an optimizer, and its steps over them. */
export class Steps<O extends object> {
  readonly #all: TrackedParameter[] = [];
  readonly #memory = new RegisteredMemory();
  readonly #retained = new Retained();
  readonly #counts = new StepCounts(this.#retained, () => this.synchronize());
  readonly #capturable: Capturable<O>;
  readonly #table: ParameterTable;
  readonly #norms: NormSlots;
  readonly #planner: GroupPlanner<O>;
  #plan = new StepPlan([]);

  constructor(readonly rule: Rule<O>) {
    this.#table = new ParameterTable(rule.formula);
    this.#norms = new NormSlots(this.#table);
    this.#capturable = new Capturable(rule, this.#table, this.#counts, this.#retained);
    this.#planner = new GroupPlanner(rule, this.#counts.here, statesOfVariants(rule.formula));
  }

  get parameters(): readonly TrackedParameter[] {
    return this.#all;
  }

  /** Makes a parameter that can be added. `after` is how many others were made since the last `add`. */
  track(parameter: Parameter<Floats>, after: number): TrackedParameter {
    return new TrackedParameter(parameter, this.parameters.length + after, this.rule.states, {
      counts: this.#counts,
      retained: this.#retained,
    });
  }

  /** Adds parameters. Where two of them overlap, none is added. Their memory is looked up when they first step. */
  add(added: readonly TrackedParameter[]): void {
    const before = this.#all.length;
    const counts = this.#counts.here;
    for (const tracked of added) {
      this.#all.push(tracked);
      counts.push(0);
    }
    try {
      this.#memory.add(added, this.#all);
      // Few at a time wait for the next step, or adding one by one would take quadratic time.
      if (this.#all.length >= 2 * this.#plan.parameters.length) this.#catchUp();
    } catch (cause) {
      this.#all.length = counts.length = before;
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
    this.#counts.clear();
    for (const tracked of this.parameters) this.setState(tracked);
    this.#capturable.clear();
    this.#retained.clear();
    this.#counts.clear();
    this.#all.length = 0;
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
    this.#norms.offer(plan, options);
    const obstacle = this.#table.run(plan);
    if (obstacle) throw obstacleError(obstacle, this.parameters);
    const first = plan.pending;
    const report = this.#commit(plan);
    if (first && !plan.pending && this.#counts.away) this.#readyForCapture(groups, plan);
    return report;
  }

  /** After a first step: brings to the device what holds for the next one, which may be captured. If that fails, it is refused. */
  #readyForCapture(groups: readonly Group<O>[], plan: StepPlan): void {
    try {
      this.#planAllAgain(groups, plan);
      this.#table.writeLive(plan, plan.stream);
    } catch {
      // The step is done. A device that is lost shows with the next call.
    }
  }

  /** Makes all checks of a step, and room for its state. Nothing is written; a step that follows finds that room. */
  check(groups: readonly Group<O>[]): void {
    this.#prepare(groups, {});
  }

  /** The same on another thread. All checks are made, and may throw, before it returns. */
  stepAsync(groups: readonly Group<O>[], options: ReadStepOptions): Promise<StepReport> {
    if (this.#capturable.isWanted(groups)) {
      throw cannotCapture("capturable: stepAsync waits for the device, which no graph can; step() does not wait");
    }
    const plan = this.#prepare(groups, options);
    if (plan.updated === 0) return Promise.resolve({ updated: 0, skipped: false });
    // Pinning calls functions that a program may have replaced, so memory is checked again.
    if (pinPlan(plan, (tracked) => this.expose(tracked))) this.#table.bind(plan);
    const started = this.#table.runAsync(plan, plan);
    if (!("then" in started)) throw obstacleError(started, this.parameters);
    this.#norms.busy = true;
    return started.then(() => this.#commit(plan)).finally(() => (this.#norms.busy = false));
  }

  /** Brings live options to the device, for the next replay of the captured step. */
  prepareReplay(groups: readonly Group<O>[], stream: bigint | undefined): void {
    this.#validate(groups);
    const plan = this.#plan;
    this.#capturable.requireCaptured(plan);
    this.#table.bind(plan);
    if (!this.#planAllAgain(groups, plan)) {
      throw cannotCapture("prepareReplay: an option was changed that needs other arrays: capture the step again");
    }
    this.#capturable.replay(plan, stream);
  }

  /** Finds the sets of the last step again, for options and state as they are now. */
  #planAllAgain(groups: readonly Group<O>[], plan: StepPlan): boolean {
    plan.request.begin({});
    plan.count = 1;
    let same = true;
    for (let g = 0; g < groups.length; ++g) {
      const group = groups[g] as Group<O>;
      group.beginStep();
      same &&= group.capturable && this.#planner.planAgain(group, plan);
    }
    return same;
  }

  /** Waits until the devices are done with all steps so far. */
  synchronize(): void {
    this.#table.synchronize();
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
    plan.capturing = false;
    plan.stream = stream;
    if (this.#capturable.isWanted(groups)) {
      this.#capturable.begin(plan, groups, stream);
    } else {
      this.#capturable.end(plan);
      plan.count = this.rule.oneCount === true ? 1 + mostOf(this.#counts.here) : undefined;
    }
    let done = 0;
    for (let g = 0; g < groups.length; ++g) done = this.#planner.plan(groups[g] as Group<O>, plan, stream, done);
    return plan;
  }

  /** Counts a step that is done, and takes over its state; or finds that it was skipped. */
  #commit(plan: StepPlan): StepReport {
    const { request, updated, count } = plan;
    const gradNorm = request.gradients[gradients.norm] as number;
    if (request.gradients[gradients.skipped] === 1) return { updated: 0, skipped: true, gradNorm };
    const { active } = plan;
    const counts = this.#counts.here;
    for (let k = 0; !this.#counts.away && k < updated; ++k) {
      const row = active[k] as number;
      counts[row] = count ?? (counts[row] as number) + 1;
    }
    if (plan.pending) plan.commit();
    if (plan.sparse.size > 0) commitSparse(plan);
    plan.settle();
    if (plan.capturing) this.#capturable.note(plan);
    if (gradNorm === gradients.leftOnDevice) {
      const skips = request.gradients[gradients.skipNonFinite] === 1;
      return reportOf(updated, this.#norms.keep(plan), { skips, again: plan.capturing });
    }
    return gradNorm === -1 ? { updated, skipped: false } : { updated, skipped: false, gradNorm };
  }
}

function mostOf(counts: readonly number[]): number {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
}
