// Parameters must not lie over each other. One that is added is compared with its neighbours in memory, not with all others.
import { bufferOf, byteOffsetOf, lengthOf } from "../errors";
import { nativeOf, placeOf, type Floats } from "../arrays/placement";
import { addon, host, role } from "../native/engine";
import { obstacleError } from "./memory-checks";
import type { TrackedParameter } from "./tracked-parameter";

interface Place {
  readonly row: number;
  readonly role: number;
  readonly array: Floats;
}

/** The memory that a parameter holds, as far as it holds any. */
function placesOf({ index, parameter }: TrackedParameter): Place[] {
  const { data, out } = parameter;
  const places = [{ row: index, role: role.data, array: data }];
  if (out !== undefined && out !== data) places.push({ row: index, role: role.out, array: out });
  return places.filter(({ array }) => placeOf(array) !== undefined);
}

/** Refuses parameters that lie over each other. */
function requireApart(parameters: readonly TrackedParameter[]): void {
  const places = parameters.flatMap(placesOf);
  const overlap = addon.overlap(places.map(({ array }) => nativeOf(array)));
  if (overlap === null) return;
  const [one, other] = overlap.map((k) => places[k]) as [Place, Place];
  throw obstacleError({ row: one.row, role: one.role, otherRow: other.row, otherRole: other.role }, parameters);
}

/** Where the pieces of one buffer begin, in order, and where each ends. */
interface Pieces {
  readonly begins: number[];
  readonly ends: number[];
}

/** Adds a piece. Returns whether it lies over another one. */
function insert({ begins, ends }: Pieces, begin: number, end: number): boolean {
  let low = 0;
  let high = begins.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((begins[middle] as number) < begin) low = middle + 1;
    else high = middle;
  }
  begins.splice(low, 0, begin);
  ends.splice(low, 0, end);
  return (low > 0 && (ends[low - 1] as number) > begin) || (low + 1 < begins.length && (begins[low + 1] as number) < end);
}

/** More parameters at once than this part of all of them are compared with all of them. */
const many = 1 / 8;

export class RegisteredMemory {
  /** The pieces that parameters had when they were added, by buffer. Made when they are first needed. */
  #pieces: Index | undefined;

  /** Refuses parameters that lie over each other or over any of `all`, whose last ones they are. */
  add(added: readonly TrackedParameter[], all: readonly TrackedParameter[]): void {
    if (added.length < all.length * many) {
      const pieces = (this.#pieces ??= indexOf(all.slice(0, all.length - added.length)));
      if (!insertAll(pieces, added)) return;
    }
    this.forget();
    requireApart(all);
  }

  /** Forgets what was added. */
  forget(): void {
    this.#pieces = undefined;
  }
}

type Index = WeakMap<ArrayBufferLike, Pieces>;

function indexOf(parameters: readonly TrackedParameter[]): Index {
  const index: Index = new WeakMap();
  insertAll(index, parameters);
  return index;
}

/** Adds the memory of parameters. Returns whether any of it may lie over other memory. */
function insertAll(index: Index, parameters: readonly TrackedParameter[]): boolean {
  let doubtful = false;
  for (const tracked of parameters) {
    for (const { array } of placesOf(tracked)) doubtful = insertArray(index, array) || doubtful;
  }
  return doubtful;
}

function insertArray(index: Index, array: Floats): boolean {
  if (placeOf(array) !== host) return true; // memory of a device has addresses, which native code knows
  const length = lengthOf(array as Float32Array);
  if (length === 0) return false;
  const buffer = bufferOf(array);
  const known = index.get(buffer);
  const pieces = known ?? { begins: [], ends: [] };
  if (known === undefined) index.set(buffer, pieces);
  const begin = byteOffsetOf(array);
  const meets = insert(pieces, begin, begin + 4 * length);
  // Another object may stand for the same shared memory.
  return meets || (known === undefined && !(buffer instanceof ArrayBuffer));
}
