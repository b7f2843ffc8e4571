// Tensors between rank 0, which has them whole, and the ranks, each of which has its pieces.
import { requireSuccess, type Transport } from "./world";
import type { Segment } from "./layout";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** How many bytes of a tensor are each rank's. */
function bytesOfRanks(segments: readonly Segment[], ranks: number): Int32Array {
  const counts = new Int32Array(ranks);
  for (const { rank, begin, end } of segments) counts[rank] = (counts[rank] as number) + 4 * (end - begin);
  return counts;
}

/** Only the number of one rank. */
const onlyOf = (counts: Int32Array, rank: number): Int32Array => counts.map((count, k) => (k === rank ? count : 0));

/** Calls `visit` for each segment and its place where those of each rank lie together. */
function eachByRank(segments: readonly Segment[], ranks: number, visit: (segment: Segment, place: number) => void): void {
  let place = 0;
  for (let rank = 0; rank < ranks; ++rank) {
    for (const segment of segments.filter((one) => one.rank === rank)) {
      visit(segment, place);
      place += segment.end - segment.begin;
    }
  }
}

const lengthOfAll = (arrays: readonly Float32Array[]) => arrays.reduce((sum, { length }) => sum + length, 0);

/** Brings every rank's pieces of a tensor to rank 0, into `whole`. */
export async function gatherTensor(
  { calls, rank, size }: Transport,
  segments: readonly Segment[],
  pieces: readonly Float32Array[],
  whole: Float32Array | null,
): Promise<void> {
  const counts = bytesOfRanks(segments, size);
  const own = new Float32Array(lengthOfAll(pieces));
  let at = 0;
  for (const piece of pieces) {
    own.set(piece, at);
    at += piece.length;
  }
  const packed = new Float32Array(whole?.length ?? 0);
  const toRoot = onlyOf(new Int32Array(size).fill(counts[rank] as number), 0);
  const fromAll = rank === 0 ? counts : new Int32Array(size);
  requireSuccess(await calls.transfer(bytesOf(own), toRoot, bytesOf(packed), fromAll));
  if (whole === null) return;
  eachByRank(segments, size, ({ begin, end }, place) => whole.set(packed.subarray(place, place + end - begin), begin));
}

/** Brings the pieces of a tensor from rank 0, which has it whole, to those that own them. */
export async function scatterTensor(
  { calls, rank, size }: Transport,
  segments: readonly Segment[],
  whole: Float32Array | null,
  pieces: readonly Float32Array[],
): Promise<void> {
  const counts = bytesOfRanks(segments, size);
  const packed = new Float32Array(whole?.length ?? 0);
  if (whole !== null) {
    eachByRank(segments, size, ({ begin, end }, place) => packed.set(whole.subarray(begin, end), place));
  }
  const own = new Float32Array(lengthOfAll(pieces));
  const fromRoot = onlyOf(new Int32Array(size).fill(counts[rank] as number), 0);
  const toAll = rank === 0 ? counts : new Int32Array(size);
  requireSuccess(await calls.transfer(bytesOf(packed), toAll, bytesOf(own), fromRoot));
  let at = 0;
  for (const piece of pieces) {
    piece.set(own.subarray(at, at + piece.length));
    at += piece.length;
  }
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
