// An array of floats is a Float32Array on the host or a CudaArray on a device. Code that handles both uses these functions.
import { allocateOnDevice, copyToDevice } from "../cuda";
import { deviceOf, isCudaArray, lengthOnDevice, memoryOf, type CudaArray } from "../cuda/array";
import { arrayKind, lengthOf, plainError } from "../errors";
import { hostHalves, hostZeros } from "./memory";
import { addon, elementType, host, type NativeFloats } from "../native/engine";
import type { StateDtype } from "../options/common";

// Taken at load: see hostZeros.
const [OwnFloat32Array, OwnUint16Array] = [Float32Array, Uint16Array];

export type Floats = Float32Array | CudaArray;

/** A state array: floats, or bfloat16 as bit patterns. */
export type StateArray = Floats | Uint16Array;

/** Whether the elements of a state array are bfloat16. */
export const isHalves = (array: unknown): array is Uint16Array => arrayKind(array) === "Uint16Array";

/** The type of a state array. */
export const dtypeOf = (array: StateArray): StateDtype => (isHalves(array) ? "bfloat16" : "float32");

/** The kind of array that A is. */
export type Placed<A extends Floats> = A extends CudaArray ? CudaArray : Float32Array;

/** Where an array lies: `host`, or the number of its device; undefined for what is no array of floats. */
export function placeOf(value: unknown): number | undefined {
  if (isCudaArray(value)) return deviceOf(value);
  return arrayKind(value) === "Float32Array" ? host : undefined;
}

/** The true length of an array that lies at `place`: 0 once it is detached, out of bounds, or disposed. */
export const liveLength = (array: StateArray, place: number): number =>
  place === host ? lengthOf(array as Float32Array) : lengthOnDevice(array as CudaArray);

/** The form in which native code takes an array. Other values pass through; native code refuses them. */
export const nativeOf = <T>(array: T): Exclude<T, CudaArray> | NativeFloats =>
  isCudaArray(array) ? memoryOf(array) : (array as Exclude<T, CudaArray>);

/** Zeros at `place`; on the host also at the place of another array within a cache line. */
export function zerosAt(place: number, length: number, stream: bigint, like: unknown, dtype: StateDtype = "float32"): StateArray {
  if (place !== host) return allocateOnDevice(place, length, stream);
  const neighbour = arrayKind(like) === "Float32Array" ? (like as Float32Array) : undefined;
  return dtype === "float32" ? hostZeros(length, neighbour) : hostHalves(length, neighbour);
}

/** A copy on the host. An empty array may have lost its buffer, and then cannot be read. */
export function copyOf<A extends StateArray>(array: A): A extends Uint16Array ? Uint16Array : Float32Array;
export function copyOf(array: StateArray): Float32Array | Uint16Array {
  if (isCudaArray(array)) return array.read();
  const Own = isHalves(array) ? OwnUint16Array : OwnFloat32Array;
  return lengthOf(array) === 0 ? new Own(0) : new Own(array);
}

/** A host array as another type: itself, or a copy. To bfloat16 each element is rounded to nearest. */
export function toDtype(array: Float32Array | Uint16Array, dtype: StateDtype): Float32Array | Uint16Array {
  if (dtypeOf(array) === dtype) return array;
  const length = lengthOf(array);
  const into = isHalves(array) ? hostZeros(length) : hostHalves(length);
  if (isHalves(array)) addon.widen(elementType.bfloat16, into as Float32Array, array);
  else addon.narrow(elementType.bfloat16, into as Uint16Array, array);
  return into;
}

/** A copy at `place` of what lies on the host. */
export const copyTo = (place: number, array: Float32Array): Floats =>
  place === host ? copyOf(array) : copyToDevice(array, place);

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with an array as `this`
const fill = Function.prototype.call.bind(Float32Array.prototype.fill) as (array: Float32Array, value: number) => void;

/** Fills an array with a value; one on a device in the order of a stream, without waiting. */
export function fillWith(value: number, array: Floats, stream: bigint): void {
  if (isCudaArray(array)) addon.cuda.fill(memoryOf(array), value, stream);
  else if (lengthOf(array) > 0) fill(array, value);
}

/** Refuses to write to an array that a step under way on another thread is using, or to read one that it writes. */
export function requireUnleased(array: Floats | Uint16Array, what: string, writing = true): void {
  if (!addon.leased(nativeOf(array), writing)) return;
  throw plainError("ERR_LEASED", `${what} is in use by a step under way on another thread; await stepAsync() first`);
}
