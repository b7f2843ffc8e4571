// How parameters, laid end to end, are cut into buckets, and each bucket among the ranks.

/** Norms are summed in blocks of so many elements from the beginning of each tensor: no cut goes through one. */
export const block = 4096;

/** A part of a tensor, from `begin` to `end`. */
export interface Range {
  readonly index: number;
  readonly begin: number;
  readonly end: number;
}

/** What one rank owns in one bucket of one tensor. */
export interface Segment extends Range {
  readonly rank: number;
}

export interface BucketLayout {
  /** What lies in it, in its order. */
  readonly ranges: readonly Range[];
  readonly lengths: Float64Array;
  /** How many of its elements are each rank's. */
  readonly counts: Int32Array;
}

export interface Layout {
  readonly buckets: readonly BucketLayout[];
  /** By tensor: who owns it, in the order of its elements. */
  readonly segments: readonly (readonly Segment[])[];
}

/** A tensor as far as cutting it goes: it may be cut at every multiple of `unit`. */
export interface Cuttable {
  readonly length: number;
  readonly unit: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The least number of elements that are both whole rows and whole blocks. */
export const rowsAndBlocks = (row: number): number => (row === 0 ? block : (row / gcd(row, block)) * block);

/** The places where the whole may be cut. */
function cutsOf(tensors: readonly Cuttable[]): number[] {
  const cuts = [0];
  let at = 0;
  for (const { length, unit } of tensors) {
    for (let offset = unit; offset < length; offset += unit) cuts.push(at + offset);
    at += length;
    if (length > 0) cuts.push(at);
  }
  return cuts;
}

/** The number nearest to `place` in a sorted list; of two that are as near, the lower. */
function nearest(cuts: readonly number[], place: number): number {
  let [low, high] = [0, cuts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((cuts[middle] as number) <= place) low = middle;
    else high = middle - 1;
  }
  const below = cuts[low] as number;
  const above = cuts[Math.min(low + 1, cuts.length - 1)] as number;
  return place - below <= above - place ? below : above;
}

/** Cuts tensors into buckets of about `bucket` elements, and each bucket into parts for the ranks. */
export function layOut(tensors: readonly Cuttable[], ranks: number, bucket: number): Layout {
  const cuts = cutsOf(tensors);
  const total = cuts.at(-1) as number;
  const count = Math.max(1, Math.round(total / bucket));
  const segments: Segment[][] = tensors.map(() => []);
  const cursor = new Cursor(tensors);
  const buckets = Array.from({ length: count }, (_, b) => {
    const places = Array.from({ length: ranks + 1 }, (_, k) => nearest(cuts, (total * (b + k / ranks)) / count));
    const ranges: { index: number; begin: number; end: number }[] = [];
    for (let rank = 0; rank < ranks; ++rank) {
      for (const range of cursor.take(places[rank + 1] as number)) {
        (segments[range.index] as Segment[]).push({ ...range, rank });
        const last = ranges.at(-1);
        if (last?.index === range.index) last.end = range.end;
        else ranges.push({ ...range });
      }
    }
    const counts = Int32Array.from({ length: ranks }, (_, k) => (places[k + 1] as number) - (places[k] as number));
    return { ranges, counts, lengths: Float64Array.from(ranges, ({ begin, end }) => end - begin) };
  });
  return { buckets, segments };
}

/** Goes through tensors from the first element to the last. */
class Cursor {
  #index = 0;
  /** Where the current tensor begins, and how far it was taken. */
  #start = 0;
  #at = 0;

  constructor(private readonly tensors: readonly Cuttable[]) {}

  /** What lies between here and a place. */
  *take(place: number): Generator<Range> {
    while (this.#at < place) {
      const { length } = this.tensors[this.#index] as Cuttable;
      const end = Math.min(place, this.#start + length);
      if (end > this.#at) yield { index: this.#index, begin: this.#at - this.#start, end: end - this.#start };
      this.#at = end;
      if (end < this.#start + length) continue;
      this.#start = end;
      ++this.#index;
    }
  }
}
