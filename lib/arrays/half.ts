// Arrays of 16 bits an element, as numbers' bit patterns: bfloat16, which JavaScript has no array of, and float16.
import { arrayKind, bufferOf, byteOffsetOf, describe, isDetached, lengthOf, rangeError, typeError } from "../errors";
import { addon, elementType } from "../native/engine";
import { requireUnleased } from "./placement";

// Taken at load: a program may replace the global ones.
const [Floats, Halves] = [Float32Array, Uint16Array];

/** A Float16Array, in engines that have it. */
export interface Float16Values extends ArrayBufferView {
  readonly length: number;
  readonly [Symbol.toStringTag]: "Float16Array";
}

/**
 * Float32 to bfloat16, rounded to nearest, ties to even. A NaN becomes the bit pattern 7FC0.
 *
 * @param values only read
 * @param into as long as `values`, and apart from it in memory. Default: a new array
 * @returns `into`: the upper 16 bits of each rounded float32
 * @throws ERR_NOT_FLOAT32, ERR_DTYPE, ERR_LENGTH, ERR_DETACHED, ERR_OVERLAP, ERR_LEASED; nothing is written then
 */
export function toBFloat16(values: Float32Array, into?: Uint16Array): Uint16Array {
  return narrow("bfloat16", values, into, ["Uint16Array"]);
}

/**
 * Bfloat16 to float32. Exact.
 *
 * @param halves bit patterns, only read
 * @param into as long as `halves`, and apart from it in memory. Default: a new array
 * @returns `into`
 * @throws as toBFloat16
 */
export function fromBFloat16(halves: Uint16Array, into?: Float32Array): Float32Array {
  return widen("bfloat16", halves, into, ["Uint16Array"]);
}

/**
 * Float32 to float16, rounded to nearest, ties to even; from 65520 on to infinity. A NaN becomes the bit pattern 7E00.
 *
 * @param values only read
 * @param into a Float16Array, or a Uint16Array for bit patterns; as long as `values`, and apart from it in memory. Default: a new
 *   Uint16Array
 * @returns `into`
 * @throws as toBFloat16
 */
export function toFloat16<Into extends Float16Values | Uint16Array = Uint16Array>(values: Float32Array, into?: Into): Into {
  return narrow("float16", values, into, ["Uint16Array", "Float16Array"]);
}

/**
 * Float16 to float32. Exact.
 *
 * @param halves a Float16Array, or bit patterns; only read
 * @param into as long as `halves`, and apart from it in memory. Default: a new array
 * @returns `into`
 * @throws as toBFloat16
 */
export function fromFloat16(halves: Float16Values | Uint16Array, into?: Float32Array): Float32Array {
  return widen("float16", halves, into, ["Uint16Array", "Float16Array"]);
}

type Half = Exclude<keyof typeof elementType, "float32">;

function narrow<Into extends ArrayBufferView>(type: Half, values: Float32Array, into: Into | undefined, kinds: string[]): Into {
  const length = requireFloats(values, "values");
  const result = into ?? (new Halves(length) as unknown as Into);
  const halves = requireHalves(result, "into", kinds);
  requireLength(lengthOf(result), length);
  requireUnleased(halves, "into");
  requireUnleased(values, "values", false);
  if (!addon.narrow(elementType[type], halves, values)) throw overlap("values");
  return result;
}

function widen(type: Half, from: ArrayBufferView, into: Float32Array | undefined, kinds: string[]): Float32Array {
  const halves = requireHalves(from, "halves", kinds);
  const result = into ?? new Floats(lengthOf(halves));
  requireLength(requireFloats(result, "into"), lengthOf(halves));
  requireUnleased(result, "into");
  requireUnleased(halves, "halves", false);
  if (!addon.widen(elementType[type], result, halves)) throw overlap("halves");
  return result;
}

const overlap = (from: string) => rangeError("ERR_OVERLAP", `Overlap in memory: into and ${from}`);

function requireFloats(array: unknown, what: string): number {
  if (arrayKind(array) !== "Float32Array") {
    throw typeError("ERR_NOT_FLOAT32", `${what} must be a Float32Array, got ${describe(array)}`);
  }
  requireAttached(array as Float32Array, what);
  return lengthOf(array as Float32Array);
}

function requireAttached(array: ArrayBufferView, what: string): void {
  if (isDetached(array)) throw typeError("ERR_DETACHED", `${what} has lost its memory: make a new array`);
}

/** The bit patterns of an array of 16 bits. */
function requireHalves(array: unknown, what: string, kinds: string[]): Uint16Array {
  const kind = arrayKind(array);
  if (!kinds.includes(kind ?? "")) {
    throw typeError("ERR_DTYPE", `${what} must be a ${kinds.join(" or ")}, got ${describe(array)}`);
  }
  requireAttached(array as ArrayBufferView, what);
  if (kind === "Uint16Array") return array as Uint16Array;
  const length = lengthOf(array as ArrayBufferView);
  return length === 0 ? new Halves(0) : new Halves(bufferOf(array), byteOffsetOf(array), length);
}

function requireLength(into: number, length: number): void {
  if (into !== length) throw rangeError("ERR_LENGTH", `into must have ${length} elements, got ${into}`);
}
