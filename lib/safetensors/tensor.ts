// The types of tensors in a file, and the arrays that hold them.
import { hostZeros } from "../arrays/memory";
import type { Dtype } from "../checkpoint/safetensors";
import { rangeError } from "../errors";

/** The array of each type. JavaScript has none for half precision, booleans and eight-bit floats: their bits are kept. */
interface Arrays {
  F64: Float64Array;
  F32: Float32Array;
  F16: Uint16Array;
  BF16: Uint16Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
  I32: Int32Array;
  U32: Uint32Array;
  I16: Int16Array;
  U16: Uint16Array;
  I8: Int8Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
  F8_E4M3: Uint8Array;
  F8_E5M2: Uint8Array;
}

export type AnyArray = Arrays[Dtype];

/** A tensor: its type as the format names it, its shape, its elements in row-major order. */
export type SafetensorsTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: Arrays[D] };
}[Dtype];

interface ArrayConstructor {
  new (length: number): AnyArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): AnyArray;
}

const constructors = {
  ...{ F64: Float64Array, F32: Float32Array, F16: Uint16Array, BF16: Uint16Array },
  ...{ I64: BigInt64Array, U64: BigUint64Array, I32: Int32Array, U32: Uint32Array },
  ...{ I16: Int16Array, U16: Uint16Array, I8: Int8Array, U8: Uint8Array },
  ...{ BOOL: Uint8Array, F8_E4M3: Uint8Array, F8_E5M2: Uint8Array },
} as unknown as Record<Dtype, ArrayConstructor>;

/** An array of zeros: float32 where optimizers like it to lie. */
export function zerosOf(dtype: Dtype, length: number, name: string): AnyArray {
  try {
    return dtype === "F32" ? hostZeros(length) : new constructors[dtype](length);
  } catch (cause) {
    throw rangeError("ERR_OUT_OF_MEMORY", `There is no memory for ${name}, ${length} elements of type ${dtype}`, cause);
  }
}

/** A view of memory as elements of a type; its place must be aligned to them. */
export const viewOf = (dtype: Dtype, buffer: ArrayBufferLike, byteOffset: number, length: number): AnyArray =>
  new constructors[dtype](buffer, byteOffset, length);

/** The types that an array may hold, the one that it stands for by itself first. Float16Array is that of newer engines. */
const dtypesOf: Record<string, readonly Dtype[]> = {
  Float64Array: ["F64"],
  Float32Array: ["F32"],
  Float16Array: ["F16"],
  BigInt64Array: ["I64"],
  BigUint64Array: ["U64"],
  Int32Array: ["I32"],
  Uint32Array: ["U32"],
  Int16Array: ["I16"],
  Uint16Array: ["U16", "F16", "BF16"],
  Int8Array: ["I8"],
  Uint8Array: ["U8", "BOOL", "F8_E4M3", "F8_E5M2"],
  Uint8ClampedArray: ["U8"],
};

/** The types that an array of this kind may hold; none for what is no array of numbers. */
export const dtypesFor = (kind: string | undefined): readonly Dtype[] => (kind === undefined ? [] : (dtypesOf[kind] ?? []));
