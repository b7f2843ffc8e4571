// Steps that can be captured into a CUDA graph: the device keeps the counts of steps and finds what depends on them.
import { allocateOnDevice } from "../cuda";
import { memoryOf, type CudaArray } from "../cuda/array";
import { typeError } from "../errors";
import type { Group } from "../groups/group";
import { addon, gradients, host, live } from "../native/engine";
import { titleOf, type Rule } from "../rule/rule";
import { cannotCapture } from "./capture-error";
import { LiveSets } from "./live-sets";
import type { ParameterTable } from "./parameter-table";
import type { Retained } from "./retained";
import type { StepCounts } from "./step-counts";
import type { StepPlan } from "./step-plan";

/** Groups can differ in which arrays their parameters have: in three ways, each there or not. */
const kindsOfGroup = 8;

/** What a captured step was like, as far as a graph depends on it. */
interface CapturedStep {
  readonly plan: StepPlan;
  readonly changes: number;
  readonly stream: bigint;
  readonly launched: string;
}

/** The part of an optimizer's steps that devices find themselves. */
export class Capturable<O extends object> {
  #live: LiveSets | null = null;
  #memory: CudaArray | null = null;
  #captured: CapturedStep | null = null;

  constructor(
    private readonly rule: Rule<O>,
    private readonly table: ParameterTable,
    private readonly counts: StepCounts,
    private readonly retained: Retained,
  ) {}

  /** Whether a step is one that can be captured. All groups must say the same. */
  isWanted(groups: readonly Group<O>[]): boolean {
    let wanted = 0;
    for (let g = 0; g < groups.length; ++g) if ((groups[g] as Group<O>).capturable) wanted += 1;
    if (wanted === 0 || wanted === groups.length) return wanted > 0;
    throw typeError(
      "ERR_INVALID_OPTION",
      "capturable must be the same in all param groups, because a step is captured as a whole",
    );
  }

  /** Has the host count and find steps again. */
  end(plan: StepPlan): void {
    if (!this.counts.away) return;
    this.counts.bringBack();
    this.#letGo();
    plan.request.live = null;
  }

  #letGo(): void {
    if (this.#memory === null) return;
    this.table.useSteps(null, null, null);
    this.retained.giveBack(this.#memory);
    this.#memory = this.#live = null;
  }

  /** Readies a step: its memory, and what it asks of the device. */
  begin(plan: StepPlan, groups: readonly Group<O>[], stream: bigint): void {
    const place = this.#requirePlace(plan);
    plan.capturing = addon.cuda.capturing(place, stream);
    const sets = Math.min(plan.parameters.length, kindsOfGroup * groups.length);
    const fits = this.counts.away && this.#live !== null && this.#live.capacity >= sets && plan.request.live === this.#live;
    if (!fits) {
      if (plan.capturing) throw cannotCapture("The first step of an optimizer cannot be captured: make one before it");
      this.#makeRoom(plan, sets, place, stream);
    }
    plan.count = 1; // whatever it is: the device counts
    plan.request.gradients[gradients.capturable] = plan.capturing ? 2 : 1;
    plan.request.gradients[gradients.oneCount] = this.rule.oneCount === true ? 1 : 0;
  }

  #requirePlace({ parameters }: StepPlan): number {
    const { place } = parameters[0] ?? { place: host };
    if (place === host || parameters.some((other) => other.place !== place)) {
      throw cannotCapture("capturable: all parameters must lie on one CUDA device; cuda.from() copies them there");
    }
    const empty = parameters.find(({ length }) => length === 0);
    if (empty !== undefined) throw cannotCapture(`capturable: ${empty.label} has no elements; leave it out`);
    if (this.rule.counted !== false && this.rule.writeProgram === undefined) {
      throw cannotCapture(`capturable: ${titleOf(this.rule)} declares no program, by which a device finds its steps`);
    }
    return place;
  }

  #makeRoom(plan: StepPlan, sets: number, place: number, stream: bigint): void {
    const counts = this.counts.takeAway(place, stream);
    this.#letGo();
    const bytes = plan.parameters.length * live.rowBytes + sets * live.bytes;
    this.#memory = allocateOnDevice(place, bytes / Float32Array.BYTES_PER_ELEMENT, stream);
    this.#live = new LiveSets(sets);
    this.table.useSteps(this.#live.bytes, memoryOf(counts), memoryOf(this.#memory));
    plan.request.live = this.#live;
  }

  /** Notes that a step was captured. */
  note(plan: StepPlan): void {
    const { stream, data, out, grad, states, slow, ema } = plan;
    this.retained.capture([...data, ...out, ...grad, ...states.flat(), ...slow, ...ema]);
    this.#captured = { plan, changes: plan.changes, stream, launched: launchedBy(plan) };
  }

  /** The plan of the captured step, as far as it still holds. Throws where it does not. */
  requireCaptured(plan: StepPlan): void {
    if (this.#captured === null) throw cannotCapture("prepareReplay: no step was captured yet");
    const { plan: then, changes } = this.#captured;
    if (then !== plan || changes !== plan.changes || plan.request.live !== this.#live) {
      throw cannotCapture("prepareReplay: arrays, parameters or state are others than in the captured step: capture it again");
    }
  }

  /** Brings the live options to the device, in the order of a stream, where the graph can obey them. */
  replay(plan: StepPlan, given: bigint | undefined): void {
    const { launched, stream } = this.#captured as CapturedStep;
    if (launched !== launchedBy(plan)) {
      throw cannotCapture("prepareReplay: an option was changed that decides what is launched: capture the step again");
    }
    this.table.writeLive(plan, given ?? stream);
  }

  /** Forgets everything. */
  clear(): void {
    this.#letGo();
    this.#captured = null;
  }
}

/** The kernels of a step: the variants and stages of its sets. */
function launchedBy({ request }: StepPlan): string {
  const sets = Array.from({ length: request.sets }, (_, set) => [...(request.live?.variants(set) ?? []), request.stages[set]]);
  return JSON.stringify(sets);
}
