// Arrays inside of the module's memory and outside of it, and memory for a call.
import { arrayKind, bufferOf, isDetached, lengthOf } from "../errors";
import type { CheckedLists } from "../native/lists";
import { sizeOf, type HostArray } from "./host-array";
import type { Address, Instance } from "./instance";

const typedArray = Object.getPrototypeOf(Float32Array.prototype) as object;
// eslint-disable-next-line @typescript-eslint/unbound-method -- bound to `call`
const offsetOf = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(typedArray, "byteOffset")?.get as () => number) as (
  array: Float32Array | Uint16Array,
) => number;

/** Where an array's elements begin and end in its buffer, in bytes. */
export interface Extent {
  readonly buffer: ArrayBufferLike;
  readonly begin: number;
  readonly end: number;
}

export function extentOf(array: HostArray): Extent {
  const begin = offsetOf(array);
  return { buffer: bufferOf(array), begin, end: begin + sizeOf(array) * lengthOf(array) };
}

/** The bytes of some elements of an array, where they are. */
export function bytesOf(array: HostArray, begin = 0, end = lengthOf(array)): Uint8Array {
  const size = sizeOf(array);
  return new Uint8Array(bufferOf(array), offsetOf(array) + size * begin, size * (end - begin));
}

/** Whether two arrays share memory. */
export function overlap(a: HostArray, b: HostArray): boolean {
  const [one, other] = [bytesOf(a), bytesOf(b)];
  const { byteOffset: begin, byteLength: length } = one;
  return one.buffer === other.buffer && begin < other.byteOffset + other.byteLength && other.byteOffset < begin + length;
}

/** Why an array cannot be used; null where it can. */
export function problemOf(
  problem: CheckedLists["problem"],
  value: unknown,
  wanted: number,
  kind: "Float32Array" | "Uint16Array" = "Float32Array",
): number | null {
  if (arrayKind(value) !== kind) return problem.notFloat32;
  const length = lengthOf(value as Float32Array);
  if (wanted > 0 && isDetached(value as Float32Array)) return problem.detached;
  return length === wanted ? null : problem.otherLength;
}

/** The address of an array that lies in the module's memory and can be used where it is; 0 of any other. */
export function addressOf({ buffer }: Instance, array: HostArray): Address {
  return bufferOf(array) === buffer ? offsetOf(array) : 0;
}

/** Views of the module's memory. It never grows: they are made once. */
export class Views {
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly integers: Int32Array;
  readonly bytes: Uint8Array;

  constructor({ buffer }: Instance) {
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.integers = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  text(address: Address): string {
    const end = this.bytes.indexOf(0, address);
    return String.fromCharCode(...this.bytes.subarray(address, end));
  }
}
