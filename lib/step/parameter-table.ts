// The native table of an optimizer's memory. It keeps pointers, so every change is passed on before the next step.
import { disposals, memoryOf, type CudaArray } from "../cuda/array";
import { rangeError } from "../errors";
import { isHalves, nativeOf, type Floats, type StateArray } from "../arrays/placement";
import {
  addon,
  elementType,
  host,
  role,
  rowState,
  type DeviceMemory,
  type NativeFloats,
  type Obstacle,
  type Table,
} from "../native/engine";
import { refusal } from "./memory-checks";
import { arrayOf } from "./plan-arrays";
import { hasMemory, mayBeGone, requireAllMemory, requireMemory } from "./plan-memory";
import { news, watch } from "./row-marks";
import type { SparseRows } from "./sparse-rows";
import type { StepPlan } from "./step-plan";
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
  /** Whether any row is ignored. */
  #anyIgnored = false;

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
    if (plan.request.moved) plan.request.give(this.#native);
    const disposed = disposals() !== this.#disposals;
    if (!plan.isSteady) this.#bindNews(plan, disposed);
    else if (this.#onDevices && !disposed)
      return; // arrays there lose their memory by disposal alone
    else requireAllMemory(plan, disposed);
    if (plan.restless || this.#anyIgnored) this.#bindRest(plan);
    this.#disposals = disposals();
  }

  #bindNews(plan: StepPlan, disposed: boolean): void {
    const { grad, news: known, watch: watched, active, updated } = plan;
    this.#forgetGradients();
    let gradients = 0;
    for (let k = 0; k < updated; ++k) {
      const row = active[k] as number;
      const what = known[row] as number;
      const where = watched[row] as number;
      if (what === news.none) {
        if (mayBeGone(plan, row, disposed)) requireMemory(plan, row, where !== watch.byRows);
      } else if (what >= news.row) {
        this.#bindRow(plan, row);
      } else {
        if (where !== watch.disposals || disposed) requireMemory(plan, row, false);
        if (where !== watch.byRows) this.#note(gradients++, row, grad[row] as Floats);
      }
      if (where === watch.byRows) this.#bindSparse(plan, row);
    }
    if (gradients > 0) this.#bindGradients(plan, gradients);
  }

  /** Runs the step of the plan. Returns null, or what prevented it. */
  run(plan: StepPlan): Obstacle | null {
    for (;;) {
      const obstacle = this.#native.step(plan.request.sets);
      if (obstacle === null || !this.#ignoresGone(plan, obstacle)) return obstacle;
    }
  }

  /** The same on another thread, whose promise keeps `owner` alive. */
  runAsync(plan: StepPlan, owner: object): Promise<undefined> | Obstacle {
    for (;;) {
      const started = this.#native.stepAsync(plan.request.sets, [owner]);
      if ("then" in started || !this.#ignoresGone(plan, started)) return started;
    }
  }

  /** Whether rows that are not updated lost the memory that was found to overlap. Other arrays may lie there now. */
  #ignoresGone(plan: StepPlan, { row, otherRow }: Obstacle): boolean {
    let gone = false;
    for (const one of [row, otherRow]) {
      if (one === undefined || plan.request.setOfRow[one] !== rowState.skipped) continue;
      if (hasMemory(plan, plan.parameters[one] as TrackedParameter)) continue;
      plan.news[one] = news.row;
      plan.request.setOfRow[one] = rowState.ignored;
      gone = this.#anyIgnored = true;
    }
    return gone;
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
    if (refused !== null) throw refusal(tracked, arrayOf(plan, row, refused.role), refused.problem, refused.role);
    plan.news[row] = news.none;
  }

  /** Hands over a gradient by rows. Its array is checked like any other. */
  #bindSparse(plan: StepPlan, row: number): void {
    const tracked = plan.parameters[row] as TrackedParameter;
    const { rows, sets, count, values } = plan.sparse.get(row) as SparseRows;
    const problem = this.#native.bindSparse(row, rows, sets, count, nativeOf(values as Floats));
    if (problem !== 0) throw refusal(tracked, values, problem, role.grad);
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

  /**
   * Rows without a gradient are not updated, but nothing may be written over their memory. A row whose memory is gone is ignored. That it
   * went since it was bound is found out where something lies over it: to look at all of these rows at every step would take too long.
   */
  #bindRest(plan: StepPlan): void {
    const { parameters } = plan;
    const { setOfRow } = plan.request;
    this.#anyIgnored = false;
    for (let row = 0; row < parameters.length; ++row) {
      if ((setOfRow[row] as number) >= 0) continue;
      const tracked = parameters[row] as TrackedParameter;
      if ((plan.news[row] as number) >= news.row || !hasMemory(plan, tracked)) {
        const refused = bindRow(this.#native, plan, tracked);
        plan.news[row] = refused === null ? news.none : news.row;
      }
      const isIgnored = (plan.news[row] as number) >= news.row;
      setOfRow[row] = isIgnored ? rowState.ignored : rowState.skipped;
      if (isIgnored) this.#anyIgnored = true;
    }
    plan.restless = false;
  }
}

/** Gives a row its memory; null, or what is wrong with which array. */
export function bindRow(table: Table, plan: StepPlan, tracked: TrackedParameter): ReturnType<Table["bind"]> {
  const { index, length, place, noiseId } = tracked;
  const { length: count, 0: first, 1: second, 2: third } = plan.states[index] as readonly StateArray[];
  return table.bind(
    index,
    length,
    place,
    nativeOf(plan.data[index] as Floats),
    nativeOf(plan.out[index] as Floats),
    plan.sparse.has(index) ? null : nativeOf(plan.grad[index] as Floats | null),
    count > 0 ? nativeOf(first as StateArray) : null,
    count > 1 ? nativeOf(second as StateArray) : null,
    count > 2 ? nativeOf(third as StateArray) : null,
    nativeOf(plan.slow[index] as Floats | null),
    nativeOf(plan.ema[index] as Floats | null),
    count > 0 && isHalves(first) ? elementType.bfloat16 : elementType.float32,
    noiseId,
    0,
  );
}
