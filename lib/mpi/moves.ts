// Tensors between rank 0, which has them whole, and the ranks, each of which has its pieces: a window after the other, so that
// nobody needs room for much of them.
import { chunk } from "../checkpoint/reader";
import { requireSuccess, type Transport } from "./world";
import type { Segment } from "./layout";

/** Elements of a tensor. */
export interface Window {
  readonly begin: number;
  readonly end: number;
}

/** A piece of a tensor, and its elements. */
export interface Owned extends Window {
  readonly array: Float32Array;
}

/** How many floats travel at once. */
const most = chunk / Float32Array.BYTES_PER_ELEMENT;

export function* windowsOf(length: number): Generator<Window> {
  for (let begin = 0; begin < length; begin += most) yield { begin, end: Math.min(length, begin + most) };
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** What of some pieces lies in a window. */
function within<T extends Window>(pieces: readonly T[], { begin, end }: Window): T[] {
  const found = pieces.filter((piece) => piece.begin < end && piece.end > begin);
  return found.map((piece) => ({ ...piece, begin: Math.max(piece.begin, begin), end: Math.min(piece.end, end) }));
}

/** How many bytes of a window are each rank's. */
function bytesOfRanks(segments: readonly Segment[], ranks: number): Int32Array {
  const counts = new Int32Array(ranks);
  for (const { rank, begin, end } of segments) counts[rank] = (counts[rank] as number) + 4 * (end - begin);
  return counts;
}

/** Only the number of one rank. */
const onlyOf = (counts: Int32Array, rank: number): Int32Array => counts.map((count, k) => (k === rank ? count : 0));

/** Calls `visit` for each segment and its place where those of each rank lie together. */
function eachByRank(segments: readonly Segment[], visit: (segment: Segment, place: number) => void): void {
  let place = 0;
  for (const segment of [...segments].sort((a, b) => a.rank - b.rank)) {
    visit(segment, place);
    place += segment.end - segment.begin;
  }
}

/** Calls `visit` with what of this rank's pieces lies in a window, and its place end to end. */
function eachOwned(owned: readonly Owned[], { begin, end }: Window, visit: (part: Float32Array, place: number) => void): void {
  let place = 0;
  for (const { array, begin: first, end: last } of owned) {
    const part = array.subarray(Math.max(begin, first) - first, Math.max(0, Math.min(end, last) - first));
    visit(part, place);
    place += part.length;
  }
}

/** Brings a window of a tensor from its owners to rank 0. Null on the others. */
export async function gatherWindow(
  { calls, rank, size }: Transport,
  segments: readonly Segment[],
  owned: readonly Owned[],
  window: Window,
): Promise<Float32Array | null> {
  const parts = within(segments, window);
  const counts = bytesOfRanks(parts, size);
  const own = new Float32Array((counts[rank] as number) / 4);
  eachOwned(owned, window, (part, place) => own.set(part, place));
  const length = rank === 0 ? window.end - window.begin : 0;
  const packed = new Float32Array(length);
  const toRoot = onlyOf(new Int32Array(size).fill(counts[rank] as number), 0);
  const fromAll = rank === 0 ? counts : new Int32Array(size);
  requireSuccess(await calls.transfer(bytesOf(own), toRoot, bytesOf(packed), fromAll));
  if (rank > 0) return null;
  const ordered = new Float32Array(length);
  eachByRank(parts, ({ begin, end }, place) => ordered.set(packed.subarray(place, place + end - begin), begin - window.begin));
  return ordered;
}

/** Brings a window of a tensor from rank 0, which has it in `values`, to those that own it. */
export async function scatterWindow(
  { calls, rank, size }: Transport,
  segments: readonly Segment[],
  values: Float32Array | null,
  owned: readonly Owned[],
  window: Window,
): Promise<void> {
  const parts = within(segments, window);
  const counts = bytesOfRanks(parts, size);
  const packed = new Float32Array(values?.length ?? 0);
  if (values !== null) {
    eachByRank(parts, ({ begin, end }, place) => packed.set(values.subarray(begin - window.begin, end - window.begin), place));
  }
  const own = new Float32Array((counts[rank] as number) / 4);
  const fromRoot = onlyOf(new Int32Array(size).fill(counts[rank] as number), 0);
  const toAll = rank === 0 ? counts : new Int32Array(size);
  requireSuccess(await calls.transfer(bytesOf(packed), toAll, bytesOf(own), fromRoot));
  eachOwned(owned, window, (part, place) => part.set(own.subarray(place, place + part.length)));
}

/** Brings an array of rank 0 to all ranks. */
export async function broadcastArray({ calls }: Transport, array: Float32Array): Promise<void> {
  if (array.length > 0) requireSuccess(await calls.broadcast(bytesOf(array), 0));
}

/** Brings a text of rank 0 to all ranks. */
export async function broadcastText({ calls, rank }: Transport, text: string): Promise<string> {
  const given = rank === 0 ? new TextEncoder().encode(text) : new Uint8Array(0);
  const length = Float64Array.of(given.length);
  requireSuccess(await calls.broadcast(bytesOf(length), 0));
  const bytes = rank === 0 ? given : new Uint8Array(length[0] as number);
  requireSuccess(await calls.broadcast(bytes, 0));
  return new TextDecoder().decode(bytes);
}
