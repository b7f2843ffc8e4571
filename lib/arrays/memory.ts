// Allocates the package's own arrays on the host: large ones in aligned native memory, small ones on V8's heap.
import { describe, rangeError, typeError } from "../errors";
import { largestBuffer } from "../native/load";
import { addon } from "../native/engine";
import { wasmBackend } from "../wasm/engine";

// Taken at load: a program that replaces the constructor later must not see the arrays of a state.
const [OwnFloat32Array, OwnUint16Array] = [Float32Array, Uint16Array];

/**
 * The smallest array, in elements, that the engine allocates: below it the finalizer costs more than the memory saves. With
 * WebAssembly it is low, because arrays outside the module's memory are copied at every step.
 */
const large = addon.backend() === wasmBackend ? 64 : 16384;

/** Native code's own limit: beyond it an ordinary array, or the engine's own refusal. */
const largest = largestBuffer / Float32Array.BYTES_PER_ELEMENT;

/**
 * An array of zeros. With `like`, it has the same offset within a cache line as that array, so both reach the next line together.
 *
 * @throws ERR_OUT_OF_MEMORY
 */
export function hostZeros(length: number, like?: Float32Array): Float32Array {
  try {
    return (length >= large && length <= largest ? addon.allocate(length, like) : null) ?? new OwnFloat32Array(length);
  } catch (cause) {
    throw noMemory(length, cause);
  }
}

/**
 * Zeros of 16 bits. With `like` they reach the next cache line together with that array.
 *
 * @throws ERR_OUT_OF_MEMORY
 */
export function hostHalves(length: number, like?: Float32Array): Uint16Array {
  try {
    const isLarge = length >= 2 * large && length <= 2 * largest;
    return (isLarge ? addon.allocateHalves(length, like) : null) ?? new OwnUint16Array(length);
  } catch (cause) {
    throw noMemory(length, cause);
  }
}

const noMemory = (length: number, cause: unknown) =>
  rangeError("ERR_OUT_OF_MEMORY", `There is no memory for ${length} floats`, cause);

/** A number of elements, checked. */
export function requireLength(length: unknown): number {
  if (typeof length !== "number") throw typeError("ERR_LENGTH", `A length must be a number, got ${describe(length)}`);
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw rangeError("ERR_LENGTH", `A length must be a whole number from 0 on, got ${length}`);
}

/**
 * A Float32Array of zeros in memory that is fast to stream: aligned to cache lines, on huge pages where the system gives them.
 * Where native memory cannot be handed out (Electron), an ordinary Float32Array.
 *
 * @param length the number of elements
 * @throws ERR_LENGTH for what is no length; ERR_OUT_OF_MEMORY
 */
export function allocate(length: number): Float32Array {
  requireLength(length);
  try {
    return (length <= largest ? addon.allocate(length) : null) ?? new Float32Array(length);
  } catch (cause) {
    throw noMemory(length, cause);
  }
}
