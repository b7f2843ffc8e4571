// Which memory must be disjoint, and whether it is: native/table/overlap.h for arrays that have no addresses in the module.
import type { Obstacle } from "../native/addon";
import { type Extent } from "./memory";

/** A piece of memory, and whose it is. */
export interface Interval extends Extent {
  readonly row: number;
  readonly role: number;
}

/** Numbers of buffers, so that intervals can be sorted. */
class Order {
  readonly #numbers = new Map<ArrayBufferLike, number>();

  of(buffer: ArrayBufferLike): number {
    const known = this.#numbers.get(buffer);
    if (known !== undefined) return known;
    this.#numbers.set(buffer, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** Memory that must be disjoint from itself, and from what is asked for later. */
export class DisjointMemory {
  readonly #order = new Order();
  readonly #sorted: Interval[];

  constructor(intervals: readonly Interval[]) {
    const order = this.#order;
    this.#sorted = intervals.filter(({ begin, end }) => begin < end);
    this.#sorted.sort((a, b) => order.of(a.buffer) - order.of(b.buffer) || a.begin - b.begin);
  }

  /** Two intervals that overlap. */
  findOverlap(): readonly [Interval, Interval] | null {
    for (let i = 1; i < this.#sorted.length; ++i) {
      const a = this.#sorted[i - 1] as Interval;
      const b = this.#sorted[i] as Interval;
      if (a.buffer === b.buffer && b.begin < a.end) return [a, b];
    }
    return null;
  }

  /** The interval that overlaps another piece of memory. */
  find({ buffer, begin, end }: Extent): Interval | null {
    if (begin === end) return null;
    const which = this.#order.of(buffer);
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const interval = this.#sorted[middle] as Interval;
      const order = this.#order.of(interval.buffer) - which || interval.begin - end;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    const last = this.#sorted[low - 1];
    return last !== undefined && last.buffer === buffer && last.end > begin ? last : null;
  }
}

/** What two intervals that overlap prevent. */
export const obstacleOf = (one: Interval, other: Interval): Obstacle => ({
  row: one.row,
  role: one.role,
  otherRow: other.row,
  otherRole: other.role,
});
