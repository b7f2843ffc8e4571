import { plainError, rangeError } from "../errors";
import { zerosAt, type Floats } from "../arrays/placement";
import { host, role, rowState } from "../native/engine";
import type { Parameter } from "../parameter";
import { StepRequest } from "./step-request";
import { bufferBits, noArrays, type Buffer, type TrackedParameter } from "./tracked-parameter";

/** What changed in a row since native code was told: nothing; the gradient alone; anything else. */
export const news = { none: 0, gradient: 1, row: 2 } as const;

/** Which arrays of a row must be checked before a step: data and gradient; all; or, on a device, all once any array was disposed of. */
export const watch = { usual: 0, all: 1, disposals: 2 } as const;

/** In `kept`: the plan has other state arrays than the parameter. */
const pendingBit = 32;

/**
 * What a step is about to do: the arrays of each row, and a request to native code. Making a plan changes no parameter. New state arrays
 * belong to the plan until the step is done.
 *
 * What every step reads lies in columns, because reading an object for each of 1000 parameters would take longer than the step.
 */
export class StepPlan {
  readonly #given: Parameter<Floats>[] = [];
  readonly data: Floats[] = [];
  readonly out: Floats[] = [];
  readonly grad: (Floats | null)[] = [];
  /** The state arrays that the step needs: the parameter's, and zeros for those that it lacks. */
  readonly states: (readonly Floats[])[] = [];
  readonly slow: (Floats | null)[] = [];
  readonly ema: (Floats | null)[] = [];
  /** By row: the parameter's `kept`, and the pending bit where the plan has other state arrays. */
  readonly kept: Uint8Array;
  readonly lengths: Float64Array;
  /** By row, one of `news`, and one of `watch`. */
  readonly news: Uint8Array;
  readonly watch: Uint8Array;
  readonly request: StepRequest;
  /** Whether any row has the pending bit, and how many rows are updated. */
  pending = false;
  updated = 0;
  /** The number of this step for all parameters, where they have one. */
  count: number | undefined = undefined;
  /** Whether the rows that are not updated must be looked at again. */
  restless = true;
  /** In whose order devices work; whether that is captured into a graph: then no array may be made; how often arrays or rows changed. */
  stream = 0n;
  capturing = false;
  changes = 0;
  /** Whether the last step left every row as it was, and whether any row has changed since. */
  #settled = false;
  #changed = true;
  constructor(
    readonly parameters: readonly TrackedParameter[],
    before?: StepPlan,
  ) {
    const rows = parameters.length;
    this.request = new StepRequest(rows);
    this.kept = new Uint8Array(rows);
    this.lengths = Float64Array.from(parameters, ({ length }) => length);
    this.news = new Uint8Array(rows).fill(news.row);
    this.watch = new Uint8Array(rows);
    for (let row = 0; row < rows; ++row) {
      const tracked = parameters[row] as TrackedParameter;
      this.#given[row] = tracked.parameter;
      this.data[row] = before?.data[row] as Floats;
      this.out[row] = before?.out[row] as Floats;
      this.grad[row] = before?.grad[row] ?? null;
      this.states[row] = before?.states[row] ?? tracked.states;
      this.slow[row] = before?.slow[row] ?? null;
      this.ema[row] = before?.ema[row] ?? null;
      this.kept[row] = before?.kept[row] ?? tracked.kept;
      this.look(tracked);
    }
  }

  /** Whether this step has the rows and arrays of the last one. */
  get isSteady(): boolean {
    return this.#settled && !this.#changed;
  }

  /** Notes that a step is done. */
  settle(): void {
    this.#settled = !this.#changed;
    this.#changed = false;
  }

  /** Looks at all parameters. Their properties may be accessors, so foreign code may run. */
  read(): void {
    const { data, out, grad } = this;
    const given = this.#given;
    for (let row = 0; row < given.length; ++row) {
      const { data: nowData, grad: nowGrad = null, out: nowOut } = given[row] as Parameter<Floats>;
      const target = nowOut ?? nowData;
      if (nowData !== data[row] || target !== out[row]) this.#takeMemory(row, nowData, target);
      if (nowGrad !== grad[row]) this.#takeGradient(row, nowGrad);
    }
  }

  #takeMemory(row: number, data: Floats, out: Floats): void {
    this.data[row] = data;
    this.out[row] = out;
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
    this.grad[row] = grad;
    this.news[row] = back ? news.row : (this.news[row] as number) | news.gradient;
  }

  /** Finds which arrays of a row must be checked before each step. */
  look({ index, place, exposed }: TrackedParameter): void {
    this.#changed = true;
    const all = exposed || this.out[index] !== this.data[index];
    this.watch[index] = place !== host ? watch.disposals : all ? watch.all : watch.usual;
  }

  /** Leaves a row out. */
  skip(row: number): void {
    if ((this.request.setOfRow[row] as number) < 0) return;
    this.request.setOfRow[row] = rowState.skipped;
    this.restless = this.#changed = true;
    this.changes += 1;
  }

  /** Gives a row the arrays that it needs: so many states, and the buffers of these bits. */
  takeState(row: number, states: number, buffers: number, stream: bigint): void {
    const tracked = this.parameters[row] as TrackedParameter;
    this.#changed = true;
    if (this.capturing)
      throw plainError("ERR_CUDA_CAPTURE", `${tracked.label}: its first step cannot be captured: make one before`);
    if (tracked.states.length >= states) this.#holdStates(tracked, tracked.states);
    else if ((this.states[row] as readonly Floats[]).length !== states) this.#extendStates(tracked, states, stream);
    this.#takeBuffer(tracked, "slow", buffers, stream);
    this.#takeBuffer(tracked, "ema", buffers, stream);
    this.#noteKept(tracked);
  }

  #noteKept({ index, kept, states, slow, ema }: TrackedParameter): void {
    const pending = this.states[index] !== states || this.slow[index] !== slow || this.ema[index] !== ema;
    this.kept[index] = kept | (pending ? pendingBit : 0);
    if (pending) this.pending = true;
  }

  #holdStates(tracked: TrackedParameter, states: readonly Floats[]): void {
    const { index } = tracked;
    const before = this.states[index] as readonly Floats[];
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
      const zeros = this.#zerosFor(tracked, stream, which === "slow" ? "slow weights" : "moving average");
      this.#holdBuffer(tracked, which, zeros);
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
  #extendStates(tracked: TrackedParameter, count: number, stream: bigint): void {
    const { index, states } = tracked;
    this.kept[index] = tracked.kept | pendingBit;
    const at = (k: number) =>
      states[k] ?? (this.states[index] as readonly Floats[])[k] ?? this.#zerosFor(tracked, stream, "state");
    // Literals: a method of an array could be replaced, and would see the state.
    for (let length = states.length + 1; length <= count; ++length) {
      const next = length === 1 ? [at(0)] : length === 2 ? [at(0), at(1)] : [at(0), at(1), at(2)];
      this.#holdStates(tracked, next);
    }
  }

  #zerosFor(tracked: TrackedParameter, stream: bigint, what: string): Floats {
    const { index, place, length } = tracked;
    try {
      return zerosAt(place, length, stream, this.data[index]);
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "ERR_OUT_OF_MEMORY") throw cause;
      throw rangeError("ERR_OUT_OF_MEMORY", `${tracked.label}: no memory for its ${what} of ${length} floats`, cause);
    }
  }

  /** Gives every parameter that was updated the state that the step has left. */
  commit(): void {
    const { parameters, kept } = this;
    const { setOfRow } = this.request;
    this.pending = false;
    for (let row = 0; row < parameters.length; ++row) {
      if ((setOfRow[row] as number) < 0 || (kept[row] as number) < pendingBit) continue;
      const tracked = parameters[row] as TrackedParameter;
      tracked.takeState(this.states[row] as readonly Floats[], this.slow[row] as Floats | null, this.ema[row] as Floats | null);
      this.#noteKept(tracked);
    }
  }

  /** Takes over the state of a parameter. Zeros for a step that was not made are given back. */
  forget(tracked: TrackedParameter): void {
    const { states, slow, ema } = tracked;
    this.look(tracked);
    this.#holdStates(tracked, states);
    this.#holdBuffer(tracked, "slow", slow);
    this.#holdBuffer(tracked, "ema", ema);
    this.#noteKept(tracked);
  }

  /** Keeps no array of a row alive. */
  letGo(row: number): void {
    this.data[row] = this.out[row] = undefined as unknown as Floats;
    this.grad[row] = this.slow[row] = this.ema[row] = null;
    this.states[row] = noArrays;
  }

  /** The array of a row that a role names. */
  arrayOf(row: number, which: number): Floats | null | undefined {
    if (which === role.data) return this.data[row];
    if (which === role.out) return this.out[row];
    if (which === role.grad) return this.grad[row];
    if (which === role.slow) return this.slow[row];
    return which === role.ema ? this.ema[row] : this.states[row]?.[which - role.state];
  }
}
