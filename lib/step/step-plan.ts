import { dtypeOf, type Floats, type StateArray } from "../arrays/placement";
import { isSparse } from "../arrays/sparse-gradient";
import { foreignError } from "../foreign";
import { host, rowState } from "../native/engine";
import type { StateDtype } from "../options/common";
import type { Parameter } from "../parameter";
import { cannotCapture } from "./capture-error";
import { zerosFor } from "./fresh-state";
import { listActive, news, pendingBit, watch } from "./row-marks";
import { SparseRows } from "./sparse-rows";
import { StepRequest } from "./step-request";
import { bufferBits, noArrays, type Buffer, type TrackedParameter } from "./tracked-parameter";

type States = readonly StateArray[];

/**
 * What a step is about to do: the arrays of each row, and a request to native code. Making a plan changes no parameter. New state arrays
 * belong to the plan until the step is done.
 * What every step reads lies in columns, because reading an object for each of 1000 parameters would take longer than the step.
 */
export class StepPlan {
  readonly #given: Parameter<Floats>[] = [];
  readonly data: Floats[] = [];
  readonly out: Floats[] = [];
  /** What the parameters have as gradients, sparse ones too. */
  readonly grad: (Floats | null)[] = [];
  /** The rows of the parameters that are updated by rows. */
  readonly sparse = new Map<number, SparseRows>();
  /** The state arrays that the step needs: the parameter's, and zeros for those that it lacks. */
  readonly states: States[] = [];
  readonly slow: (Floats | null)[] = [];
  readonly ema: (Floats | null)[] = [];
  /** By row: the parameter's `kept`, and the pending bit where the plan has other state arrays; 1 where it has a gradient. */
  readonly kept: Uint8Array;
  readonly #present: Uint8Array;
  readonly lengths: Float64Array;
  /** By row, one of `news`, and one of `watch`. */
  readonly news: Uint8Array;
  readonly watch: Uint8Array;
  readonly request: StepRequest;
  /** Whether any row has the pending bit. */
  pending = false;
  /** How many rows have a gradient and are updated, and which: the first so many of `active`, in their order. */
  updated = 0;
  readonly active: Int32Array;
  /** The number of this step for all parameters, where they have one. */
  count: number | undefined = undefined;
  /** Whether native code does not know the memory of a row that is not updated. */
  restless = true;
  /** In whose order devices work; whether that is captured into a graph: then no array may be made; how often arrays or rows changed. */
  stream = 0n;
  capturing = false;
  changes = 0;
  /** Whether any row has, or had, an `out` of its own; whether other rows have gradients than `active` says. */
  #apart = false;
  #regrouped = true;
  /** Whether the last step left every row as it was, and whether any row has changed since. */
  #settled = false;
  #changed = true;
  constructor(
    readonly parameters: readonly TrackedParameter[],
    before?: StepPlan,
  ) {
    const rows = parameters.length;
    this.request = new StepRequest(rows);
    [this.kept, this.#present] = [new Uint8Array(rows), new Uint8Array(rows)];
    this.active = new Int32Array(rows);
    this.lengths = Float64Array.from(parameters, ({ length }) => length);
    this.news = new Uint8Array(rows).fill(news.row);
    this.watch = new Uint8Array(rows);
    for (let row = 0; row < rows; ++row) {
      const tracked = parameters[row] as TrackedParameter;
      this.#given[row] = tracked.parameter;
      this.data[row] = before?.data[row] as Floats;
      this.out[row] = before?.out[row] as Floats;
      this.#apart ||= this.out[row] !== this.data[row];
      this.grad[row] = before?.grad[row] ?? null;
      this.#present[row] = this.grad[row] === null ? 0 : 1;
      this.states[row] = before?.states[row] ?? tracked.states;
      this.slow[row] = before?.slow[row] ?? null;
      this.ema[row] = before?.ema[row] ?? null;
      this.kept[row] = before?.kept[row] ?? tracked.kept;
      this.look(tracked, isSparse(this.grad[row]));
    }
  }

  /** Whether this step has the rows and arrays of the last one. What a sparse gradient holds may be new at each step. */
  get isSteady(): boolean {
    return this.#settled && !this.#changed && this.sparse.size === 0;
  }

  settle(): void {
    this.#settled = !this.#changed;
    this.#changed = false;
  }

  /** Looks at all parameters. Foreign code may run, as properties may be accessors. Reads little of idle rows: memory limits the loop. */
  read(): void {
    const { data, out, grad } = this;
    const [given, present, apart] = [this.#given, this.#present, this.#apart];
    let row = 0;
    try {
      for (; row < given.length; ++row) {
        const { data: nowData, grad: nowGrad = null, out: nowOut } = given[row] as Parameter<Floats>;
        const target = nowOut ?? nowData;
        const same = nowData === data[row] && (apart || target !== nowData ? target === out[row] : true);
        if (!same) this.#takeMemory(row, nowData, target);
        if (nowGrad === null ? present[row] === 1 : nowGrad !== grad[row]) this.#takeGradient(row, nowGrad);
      }
      // What a sparse gradient holds may be new where it is the same object.
      if (this.sparse.size > 0) for (const [at, rows] of this.sparse) rows.read(grad[(row = at)]);
    } catch (cause) {
      throw foreignError(this.parameters[row] as TrackedParameter, cause);
    }
    if (this.#regrouped) this.updated = listActive(present, this.active);
    this.#regrouped = false;
  }

  #takeMemory(row: number, data: Floats, out: Floats): void {
    this.data[row] = data;
    this.out[row] = out;
    this.#apart ||= out !== data;
    this.news[row] = news.row;
    this.restless = true;
    this.changes += 1;
    this.look(this.parameters[row] as TrackedParameter);
  }

  #takeGradient(row: number, grad: Floats | null): void {
    // Arrays on a device are checked only after a disposal, and then only in rows that take part. This row took no part.
    this.#changed = true;
    this.changes += 1;
    const back = this.grad[row] === null && this.watch[row] === watch.disposals;
    if ((grad === null) !== (this.grad[row] === null)) this.#regrouped = true;
    this.grad[row] = grad;
    this.#present[row] = grad === null ? 0 : 1;
    if (grad === null && (this.request.setOfRow[row] as number) >= 0) {
      this.request.setOfRow[row] = rowState.skipped;
      if ((this.news[row] as number) >= news.row) this.restless = true;
    }
    this.news[row] = back ? news.row : (this.news[row] as number) | news.gradient;
    const sparse = isSparse(grad);
    if (sparse || this.watch[row] === watch.byRows) this.look(this.parameters[row] as TrackedParameter, sparse);
  }

  /** Finds which arrays of a row must be checked before each step, and whether it is updated by rows. */
  look(tracked: TrackedParameter, sparse = this.sparse.get(tracked.index)?.isSparse === true): void {
    const { index, place, exposed, rowSteps } = tracked;
    this.#changed = true;
    const all = exposed || this.out[index] !== this.data[index];
    const byRows = sparse || rowSteps !== null;
    if (!byRows) this.sparse.delete(index);
    else if (!this.sparse.has(index)) this.sparse.set(index, new SparseRows(sparse));
    this.watch[index] = byRows ? watch.byRows : place !== host ? watch.disposals : all ? watch.all : watch.usual;
  }

  /** Gives a row the arrays that it needs: so many states of a type, and the buffers of these bits. */
  takeState(row: number, states: number, dtype: StateDtype, buffers: number, stream: bigint): void {
    const tracked = this.parameters[row] as TrackedParameter;
    this.#changed = true;
    if (this.capturing) throw cannotCapture(`${tracked.label}: its first step cannot be captured: make one before`);
    const { 0: left } = this.states[row] as States; // zeros of a refused step may have another type
    if (left !== undefined && dtypeOf(left) !== dtype) this.#holdStates(tracked, tracked.states);
    if (tracked.states.length >= states) this.#holdStates(tracked, tracked.states);
    else if ((this.states[row] as States).length !== states) this.#extendStates(tracked, states, dtype, stream);
    this.#takeBuffer(tracked, "slow", buffers, stream);
    this.#takeBuffer(tracked, "ema", buffers, stream);
    this.#noteKept(tracked);
  }

  #noteKept({ index, kept, states, slow, ema }: TrackedParameter): void {
    const pending = this.states[index] !== states || this.slow[index] !== slow || this.ema[index] !== ema;
    this.kept[index] = kept | (pending ? pendingBit : 0);
    if (pending) this.pending = true;
  }

  #holdStates(tracked: TrackedParameter, states: States): void {
    const { index } = tracked;
    const before = this.states[index] as States;
    if (before === states) return;
    this.changes += 1;
    this.states[index] = states;
    this.news[index] = news.row;
    for (let k = 0; k < before.length; ++k) {
      if (before[k] !== states[k] && before[k] !== tracked.states[k]) tracked.giveBack(before[k]);
    }
  }

  #takeBuffer(tracked: TrackedParameter, which: Buffer, buffers: number, stream: bigint): void {
    if ((buffers & bufferBits[which]) === 0) this.#holdBuffer(tracked, which, null);
    else if (tracked[which] !== null) this.#holdBuffer(tracked, which, tracked[which]);
    else if (this[which][tracked.index] === null) {
      const what = which === "slow" ? "slow weights" : "moving average";
      this.#holdBuffer(tracked, which, zerosFor(tracked, "float32", this.data[tracked.index], stream, what) as Floats);
      this.kept[tracked.index] = tracked.kept | pendingBit; // if what follows fails, they are kept
    }
  }

  #holdBuffer(tracked: TrackedParameter, which: Buffer, buffer: Floats | null): void {
    const { index } = tracked;
    const before = this[which][index];
    if (before === buffer) return;
    this.changes += 1;
    this[which][index] = buffer;
    this.news[index] = news.row;
    if (before !== tracked[which]) tracked.giveBack(before);
  }

  /** Adds zeros to the states until there are `count`. Zeros that a refused step left are used first. If one fails, the others are kept. */
  #extendStates(tracked: TrackedParameter, count: number, dtype: StateDtype, stream: bigint): void {
    const { index, states } = tracked;
    this.kept[index] = tracked.kept | pendingBit;
    const at = (k: number) =>
      states[k] ?? (this.states[index] as States)[k] ?? zerosFor(tracked, dtype, this.data[index], stream, "state");
    // Literals: a method of an array could be replaced, and would see the state.
    for (let length = states.length + 1; length <= count; ++length) {
      this.#holdStates(tracked, length === 1 ? [at(0)] : length === 2 ? [at(0), at(1)] : [at(0), at(1), at(2)]);
    }
  }

  /** Gives every parameter that was updated the state that the step has left. */
  commit(): void {
    const { parameters, kept, states, slow, ema } = this;
    this.pending = false;
    for (let row = 0; row < parameters.length; ++row) {
      if ((this.request.setOfRow[row] as number) < 0 || (kept[row] as number) < pendingBit) continue;
      const tracked = parameters[row] as TrackedParameter;
      tracked.takeState(states[row] as States, slow[row] as Floats | null, ema[row] as Floats | null);
      this.#noteKept(tracked);
    }
  }

  /** Takes over the state of a parameter. Zeros for a step that was not made are given back. */
  forget(tracked: TrackedParameter): void {
    this.restless = true;
    this.look(tracked);
    this.#holdStates(tracked, tracked.states);
    this.#holdBuffer(tracked, "slow", tracked.slow);
    this.#holdBuffer(tracked, "ema", tracked.ema);
    this.#noteKept(tracked);
  }

  /** Keeps no array of a row alive. */
  letGo(row: number): void {
    this.data[row] = this.out[row] = undefined as unknown as Floats;
    this.grad[row] = this.slow[row] = this.ema[row] = null;
    this.sparse.delete(row);
    this.states[row] = noArrays;
  }
}
