// The native table of an optimizer's memory. It keeps pointers, so every change is passed on before the next step.
import { disposals, memoryOf, type CudaArray } from "../cuda/array";
import { lengthOf, rangeError } from "../errors";
import { liveLength, nativeOf, type Floats } from "../arrays/placement";
import { addon, host, role, rowState, type DeviceMemory, type NativeFloats, type Obstacle, type Table } from "../native/engine";
import { refusal, requireUnchanged } from "./memory-checks";
import { news, watch, type StepPlan } from "./step-plan";
import type { TrackedParameter } from "./tracked-parameter";

export class ParameterTable {
  readonly #native: Table;
  /** The gradients that are other arrays than before, and their rows. */
  #rowsOfGradients = new Int32Array(0);
  readonly #gradients: (NativeFloats | null)[] = [];
  #noted = 0;
  #stream = 0n;
  /** How many CudaArrays had been disposed of at the last check. */
  #disposals = -1;
  #onDevice = false;
  /** Whether no parameter lies in the processor's memory. */
  #onDevices = false;

  constructor(formula: string) {
    this.#native = new addon.Table(formula);
  }

  /** Makes this the table of the parameters of a plan. */
  resize({ parameters, request }: StepPlan): void {
    this.#native.resize(parameters.length);
    for (const { index, dimensions, first } of parameters) this.#native.shape(index, dimensions, first);
    request.give(this.#native);
    this.#rowsOfGradients = new Int32Array(parameters.length);
    while (this.#gradients.length < parameters.length) this.#gradients.push(null);
    this.#onDevice = parameters.some(({ place }) => place !== host);
    this.#onDevices = parameters.every(({ place }) => place !== host);
    this.#disposals = -1;
  }

  /** Sets the stream of the devices for what follows. Returns whether it is another one. */
  useStream(stream: bigint): boolean {
    if (stream === this.#stream) return false;
    if (!this.#onDevice) throw rangeError("ERR_CUDA_STREAM", "stream: none of the parameters lies on a device");
    this.#native.setStream(stream);
    this.#stream = stream;
    return true;
  }

  /**
   * Checks all memory of a step, and tells native code where it changed. No foreign code runs from here to the native step: no accessor,
   * no iterator, no method that a program could have replaced.
   */
  bind(plan: StepPlan): void {
    const { data, grad, lengths, news: known, watch: watched } = plan;
    const { setOfRow } = plan.request;
    const disposed = disposals() !== this.#disposals;
    if (this.#onDevices && plan.isSteady && !disposed) return; // arrays there lose their memory by disposal alone
    const [none, usual, onDevice] = [news.none, watch.usual, watch.disposals];
    this.#forgetGradients();
    let gradients = 0;
    for (let row = 0; row < data.length; ++row) {
      if ((setOfRow[row] as number) < 0) continue;
      const what = known[row] as number;
      const where = watched[row] as number;
      if (what === none && where === usual) {
        const length = lengths[row];
        if (lengthOf(data[row] as Float32Array) !== length || lengthOf(grad[row] as Float32Array) !== length) {
          requireMemory(plan, row, true);
        }
      } else if (what >= news.row) {
        this.#bindRow(plan, row);
        plan.restless = true;
      } else {
        if (where !== onDevice || disposed) requireMemory(plan, row, what === none);
        if (what !== none) this.#note(gradients++, row, grad[row] as Floats);
      }
    }
    if (gradients > 0) this.#bindGradients(plan, gradients);
    if (plan.restless || gradients > 0 || disposed) this.#bindRest(plan);
    this.#disposals = disposals();
  }

  /** Runs the step of the plan. Returns null, or what prevented it. */
  run({ request }: StepPlan): Obstacle | null {
    return this.#native.step(request.sets);
  }

  /** The same on another thread, whose promise keeps `owner` alive. */
  runAsync({ request }: StepPlan, owner: object): Promise<undefined> | Obstacle {
    return this.#native.stepAsync(request.sets, [owner]);
  }

  /** Sets the memory whose slots the next steps may leave their norms in. */
  useSlots(block: CudaArray): void {
    this.#native.setSlots(memoryOf(block));
  }

  /** Sets what a device knows of the sets of a step, and the memory in which it finds steps; or that it finds none. */
  useSteps(live: Uint8Array | null, counts: DeviceMemory | null, memory: DeviceMemory | null): void {
    this.#native.setSteps(live, counts, memory);
  }

  /** Brings what the host knows of the sets to the device. */
  writeLive({ request }: StepPlan, stream: bigint): void {
    this.#native.writeLive(request.sets, stream);
  }

  /** Waits until the devices are done with all steps so far. */
  synchronize(): void {
    if (this.#onDevice) this.#native.synchronize();
  }

  #bindRow(plan: StepPlan, row: number): void {
    const tracked = plan.parameters[row] as TrackedParameter;
    const refused = bindRow(this.#native, plan, tracked);
    if (refused !== null) throw refusal(tracked, plan.arrayOf(row, refused.role), refused.problem, refused.role);
    plan.news[row] = news.none;
  }

  /** Drops all gradients, also after a refused step. A loop, because a program could have replaced array methods. */
  #forgetGradients(): void {
    for (let place = 0; place < this.#noted; ++place) this.#gradients[place] = null;
    this.#noted = 0;
  }

  #note(place: number, row: number, grad: Floats): void {
    this.#noted = place + 1;
    this.#rowsOfGradients[place] = row;
    this.#gradients[place] = nativeOf(grad);
  }

  /** Hands over all new gradients in one call. */
  #bindGradients(plan: StepPlan, count: number): void {
    const refused = this.#native.bindGrads(this.#rowsOfGradients, this.#gradients, count);
    this.#forgetGradients();
    const rowAt = (place: number) => this.#rowsOfGradients[place] as number;
    const bound = refused === null ? count : refused.index;
    for (let place = 0; place < bound; ++place) plan.news[rowAt(place)] = news.none;
    if (refused === null) return;
    const row = rowAt(refused.index);
    throw refusal(plan.parameters[row] as TrackedParameter, plan.grad[row], refused.problem, role.grad);
  }

  /** Rows without a gradient are not updated, but nothing may be written over their memory. A row whose memory is gone is ignored. */
  #bindRest(plan: StepPlan): void {
    const { parameters } = plan;
    const { setOfRow } = plan.request;
    for (let row = 0; row < parameters.length; ++row) {
      if ((setOfRow[row] as number) >= 0) continue;
      const tracked = parameters[row] as TrackedParameter;
      if ((plan.news[row] as number) >= news.row || !hasMemory(plan, tracked)) {
        const refused = bindRow(this.#native, plan, tracked);
        plan.news[row] = refused === null ? news.none : news.row;
      }
      setOfRow[row] = (plan.news[row] as number) >= news.row ? rowState.ignored : rowState.skipped;
    }
    plan.restless = false;
  }
}

/** Checks that the arrays of a row still have their memory. A new gradient is checked when it is bound: then `withGradient` is false. */
function requireMemory(plan: StepPlan, row: number, withGradient: boolean): void {
  const tracked = plan.parameters[row] as TrackedParameter;
  const data = plan.data[row] as Floats;
  const out = plan.out[row] as Floats;
  requireUnchanged(tracked, data, role.data);
  if (out !== data) requireUnchanged(tracked, out, role.out);
  if (withGradient) requireUnchanged(tracked, plan.grad[row] as Floats, role.grad);
  if (!tracked.exposed && tracked.place === host) return;
  const states = plan.states[row] as readonly Floats[];
  const slow = plan.slow[row] as Floats | null;
  const ema = plan.ema[row] as Floats | null;
  for (let k = 0; k < states.length; ++k) requireUnchanged(tracked, states[k] as Floats, role.state + k);
  if (slow !== null) requireUnchanged(tracked, slow, role.slow);
  if (ema !== null) requireUnchanged(tracked, ema, role.ema);
}

/** The same for a row that takes no part. */
function hasMemory(plan: StepPlan, { index, length, place }: TrackedParameter): boolean {
  const slow = plan.slow[index] as Floats | null;
  const ema = plan.ema[index] as Floats | null;
  if (slow !== null && liveLength(slow, place) !== length) return false;
  if (ema !== null && liveLength(ema, place) !== length) return false;
  if (liveLength(plan.data[index] as Floats, place) !== length || liveLength(plan.out[index] as Floats, place) !== length) {
    return false;
  }
  const states = plan.states[index] as readonly Floats[];
  for (let k = 0; k < states.length; ++k) {
    if (liveLength(states[k] as Floats, place) !== length) return false;
  }
  return true;
}

/** Gives a row its memory; null, or what is wrong with which array. */
export function bindRow(table: Table, plan: StepPlan, { index, length, place }: TrackedParameter): ReturnType<Table["bind"]> {
  const { length: count, 0: first, 1: second, 2: third } = plan.states[index] as readonly Floats[];
  return table.bind(
    index,
    length,
    place,
    nativeOf(plan.data[index] as Floats),
    nativeOf(plan.out[index] as Floats),
    nativeOf(plan.grad[index] as Floats | null),
    count > 0 ? nativeOf(first as Floats) : null,
    count > 1 ? nativeOf(second as Floats) : null,
    count > 2 ? nativeOf(third as Floats) : null,
    nativeOf(plan.slow[index] as Floats | null),
    nativeOf(plan.ema[index] as Floats | null),
  );
}
