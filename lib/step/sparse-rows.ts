// The rows of one parameter that a step updates, where these are not all rows, or where rows have counts of their own.
import { arrayKind, describe, isDetached, lengthOf, rangeError, typeError } from "../errors";
import type { Floats } from "../arrays/placement";
import { isSparse } from "../arrays/sparse-gradient";
import { host, role } from "../native/engine";
import { requireFloats } from "./memory-checks";
import type { TrackedParameter } from "./tracked-parameter";

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with an array as `this`
const copyInto = Function.prototype.call.bind(Uint32Array.prototype.set) as (into: Uint32Array, from: Uint32Array) => void;

const sparseError = (tracked: TrackedParameter, what: string) => rangeError("ERR_SPARSE", `${tracked.label}: ${what}`);

/** What a step keeps of a gradient by rows. Its arrays are used again by the next step. */
export class SparseRows {
  /** The rows of the gradient, in its order: the first `count` of a copy, which nobody else can change. */
  rows = new Uint32Array(64);
  count = 0;
  /** The values of these rows: those of the sparse gradient, or a gradient that is not sparse. */
  values: Floats | null = null;
  /** The set of coefficients of each of these rows, where rows have counts of their own. */
  sets: Int32Array | null = null;
  /** The number of this update of each of them. */
  #steps = new Uint32Array(0);
  /** The counts that the step is about to change: the parameter's, or new ones. */
  #rowSteps: Uint32Array | null = null;
  #given: unknown = null;

  /** @param isSparse whether the gradient is a sparse one */
  constructor(public isSparse: boolean) {}

  /** Reads a gradient, whose properties may be accessors. */
  read(grad: unknown): void {
    this.isSparse = isSparse(grad);
    const { rows, values } = (this.isSparse ? grad : { rows: null, values: grad }) as { rows: unknown; values: Floats | null };
    this.#given = rows;
    this.values = values;
  }

  /** Copies and checks the rows, and checks the values. Native code checks the values' memory. */
  take(tracked: TrackedParameter): void {
    if (this.isSparse) this.#takeRows(tracked);
    else this.#takeAllRows(tracked.first);
  }

  #takeRows(tracked: TrackedParameter): void {
    const given = this.#given as Uint32Array;
    if (arrayKind(given) !== "Uint32Array") {
      throw typeError("ERR_SPARSE", `${tracked.label}: rows of its grad must be a Uint32Array, got ${describe(given)}`);
    }
    if (isDetached(given)) throw typeError("ERR_DETACHED", `${tracked.label}: rows of its grad lost their memory`);
    const count = lengthOf(given);
    this.#reserve(count);
    try {
      copyInto(this.rows, given);
    } catch (cause) {
      throw rangeError("ERR_RESIZED", `${tracked.label}: rows of its grad grew while they were copied`, cause);
    }
    const { rows } = this;
    const { first } = tracked;
    for (let k = 0; k < count; ++k) {
      const row = rows[k] as number;
      if (row < first) continue;
      throw sparseError(tracked, `rows[${k}] of its grad is ${row}, and it has rows from 0 to ${first - 1}`);
    }
    this.count = count;
    this.#requireValues(tracked, count * (first === 0 ? 0 : tracked.length / first));
  }

  #requireValues(tracked: TrackedParameter, wanted: number): void {
    const values = this.values as Floats;
    const length = requireFloats(tracked, values, role.grad);
    if (length === wanted) return;
    if (tracked.place === host && isDetached(values as Float32Array))
      throw typeError("ERR_DETACHED", `${tracked.label}: values of its grad lost their memory`);
    const each = `${wanted} elements, those of ${this.count} rows`;
    throw rangeError("ERR_LENGTH", `${tracked.label}: values of its grad must have ${each}, got ${length}`);
  }

  #takeAllRows(first: number): void {
    this.#reserve(first);
    for (let row = 0; row < first; ++row) this.rows[row] = row;
    this.count = first;
  }

  #reserve(count: number): void {
    if (this.rows.length < count) this.rows = new Uint32Array(2 ** Math.ceil(Math.log2(count)));
  }

  /** One count for all rows. */
  countTogether(): void {
    this.sets = this.#rowSteps = null;
  }

  /** Counts each row by itself. `setOf` is the set of coefficients for the t-th update of a row. */
  countEach(tracked: TrackedParameter, setOf: (t: number) => number): void {
    const { rows, count } = this;
    if ((this.sets?.length ?? 0) < count) this.sets = new Int32Array(rows.length);
    if (this.#steps.length < count) this.#steps = new Uint32Array(rows.length);
    const before = (this.#rowSteps = tracked.rowSteps ?? this.#newCounts(tracked));
    const [sets, steps] = [(this.sets ??= new Int32Array(0)), this.#steps];
    for (let k = 0; k < count; ++k) sets[k] = setOf((steps[k] = (before[rows[k] as number] as number) + 1));
  }

  /** Rows have been updated together so far. */
  #newCounts(tracked: TrackedParameter): Uint32Array {
    try {
      return new Uint32Array(tracked.first).fill(tracked.steps);
    } catch (cause) {
      throw rangeError("ERR_OUT_OF_MEMORY", `${tracked.label}: no memory for row_steps of ${tracked.first} rows`, cause);
    }
  }

  /** Counts a step that is done. */
  commit(tracked: TrackedParameter): void {
    const counts = this.#rowSteps;
    tracked.rowSteps = counts;
    for (let k = 0; counts !== null && k < this.count; ++k) counts[this.rows[k] as number] = this.#steps[k] as number;
  }
}
