// From a safetensors file to arrays. A file may be damaged or hostile: what it claims is checked before memory is taken for it.
import { crc32 } from "../checkpoint/crc32";
import { openFile, pathOf } from "../checkpoint/files";
import { readHeader } from "../checkpoint/header";
import { requireChecksum } from "../checkpoint/places";
import { openBytes, requireAttached, type SequentialReader } from "../checkpoint/reader";
import { withPath } from "../checkpoint/system-error";
import {
  allDtypes,
  byteLengthOf,
  checksum,
  elementSizeOf,
  elementsOf,
  quote,
  type Header,
  type Tensor,
} from "../checkpoint/safetensors";
import { arrayKind, bufferOf, describe, isObject, plainError, typeError } from "../errors";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import { viewOf, zerosOf, type AnyArray, type SafetensorsTensor } from "./tensor";
import { widen } from "./widen";

export interface ReadSafetensorsOptions {
  /** The names of the tensors to read. Default: all of them. */
  names?: Iterable<string>;
  /** Hand tensors of half precision (F16, BF16) out as float32, exactly. Default false: their bits, in a Uint16Array. */
  widen?: boolean;
}

/** What a file holds. */
export interface Safetensors {
  /** By name, in the order of the file. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** The file's `__metadata__`. */
  readonly metadata: Map<string, string>;
}

interface Wanted {
  readonly names: ReadonlySet<string> | null;
  readonly widen: boolean;
}

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

function readOptions(options: unknown): Wanted {
  requireObject(options, "The options of readSafetensors");
  refuseUnknownKeys(options, ["names", "widen"], "readSafetensors");
  const { names, widen = false } = options;
  const wanted = flag(widen, "widen");
  if (names === undefined) return { names: null, widen: wanted };
  if (!isObject(names) || !(Symbol.iterator in names)) {
    throw typeError("ERR_INVALID_OPTION", `names must be an iterable of strings, got ${describe(names)}`);
  }
  const list = [...(names as Iterable<unknown>)];
  const strange = list.findIndex((name) => typeof name !== "string");
  if (strange >= 0) throw typeError("ERR_INVALID_OPTION", `names must be strings, got ${describe(list[strange])}`);
  return { names: new Set(list as string[]), widen: wanted };
}

/** An error of the format's as one of this module. */
export function about(source: string, error: unknown, path: unknown = source): unknown {
  if ((error as { code?: unknown } | null)?.code !== "ERR_CHECKPOINT") return withPath(error, path);
  const { message } = error as Error; // which may quote the file at length
  const short = message.length > 400 ? `${message.slice(0, 400)}…` : message;
  return plainError("ERR_SAFETENSORS", short.startsWith(`${source}: `) ? short : `${source}: ${short}`, error);
}

/**
 * Reads a safetensors file, https://github.com/huggingface/safetensors#format.
 *
 * Arrays of a file and of a Blob are read straight into memory of their own. Of a Uint8Array they are views, without a copy, wherever
 * the tensor's place is a multiple of its element's size; a copy elsewhere.
 *
 * | type              | array                          |
 * | ----------------- | ------------------------------ |
 * | F64, F32          | Float64Array, Float32Array     |
 * | F16, BF16         | Uint16Array: the bits; with `widen` a Float32Array, and `dtype` is "F32" |
 * | I64, U64          | BigInt64Array, BigUint64Array  |
 * | I32, U32, I16, U16, I8, U8 | the integer array of that name |
 * | BOOL, F8_E4M3, F8_E5M2 | Uint8Array: the bytes     |
 *
 * The header is checked whole before any memory is taken for tensors: their places must fill the file without a gap or an overlap, no
 * name may stand twice. A checkpoint of this package is checked against its checksum too, where all of it is read.
 *
 * @param from the file's path, or its bytes: a Uint8Array or a Blob
 * @param options `names`: which tensors, default all; `widen`: half precision as float32, default false
 * @throws never: the promise is rejected with ERR_SAFETENSORS where the file is damaged, no safetensors file, or lacks one of the `names`;
 *   ERR_OUT_OF_MEMORY; or with the file system's own error
 */
export async function readSafetensors(
  from: string | URL | Uint8Array | Blob,
  options: ReadSafetensorsOptions = {},
): Promise<Safetensors> {
  const bytes = openBytes(from);
  const source = bytes === null ? pathOf(from, "safetensors file") : "The safetensors file";
  const wanted = readOptions(options);
  try {
    const file = bytes ?? (await openFile(source));
    try {
      const header = await readHeader(file, allDtypes);
      requireNames(header, wanted);
      const isBytes = arrayKind(from) === "Uint8Array";
      if (isBytes) requireAttached(from as Uint8Array);
      const tensors = isBytes ? readViews(from as Uint8Array, header, wanted) : await readArrays(file, header, wanted);
      return { tensors, metadata: new Map(header.metadata) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw about(source, error, from);
  }
}

function requireNames({ tensors }: Header, { names }: Wanted): void {
  const known = new Set(tensors.map(({ name }) => name));
  for (const name of names ?? []) if (!known.has(name)) throw refuse(`it has no tensor ${quote(name)}`);
}

/** Whether a file is a checkpoint of this package that ends in its checksum. */
function hasChecksum({ tensors, metadata }: Header): boolean {
  return tensors.at(-1)?.name === checksum.name && metadata.has("format_version") && metadata.has("state_dict");
}

async function readArrays(file: SequentialReader, header: Header, { names, widen }: Wanted): Promise<Safetensors["tensors"]> {
  const result: Safetensors["tensors"] = new Map();
  const checked = hasChecksum(header) && names === null;
  for (const tensor of header.tensors) {
    if (names !== null && !names.has(tensor.name)) {
      file.jump(byteLengthOf(tensor));
    } else if (checked && tensor === header.tensors.at(-1)) {
      result.set(tensor.name, tensorOf(tensor, await requireChecksum(file, tensor), widen));
    } else {
      const array = zerosOf(tensor.dtype, elementsOf(tensor.shape), quote(tensor.name));
      await file.fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      result.set(tensor.name, tensorOf(tensor, array, widen));
    }
  }
  return result;
}

function readViews(given: Uint8Array, header: Header, { names, widen }: Wanted): Safetensors["tensors"] {
  const bytes = new Uint8Array(bufferOf(given), given.byteOffset, given.byteLength);
  if (hasChecksum(header) && names === null) {
    const end = bytes.slice(-4);
    const same = crc32(bytes.subarray(0, -4)) === new DataView(end.buffer).getUint32(0, true);
    if (!same) throw refuse("it is damaged: checksum mismatch");
  }
  const result: Safetensors["tensors"] = new Map();
  let begin = bytes.length - header.tensors.reduce((length, tensor) => length + byteLengthOf(tensor), 0);
  for (const tensor of header.tensors) {
    const end = begin + byteLengthOf(tensor);
    if (names === null || names.has(tensor.name)) result.set(tensor.name, tensorOf(tensor, viewIn(bytes, begin, tensor), widen));
    begin = end;
  }
  return result;
}

/** A view where the place is aligned, else a copy. */
function viewIn(bytes: Uint8Array, begin: number, { name, dtype, shape }: Tensor): AnyArray {
  const elements = elementsOf(shape);
  const at = bytes.byteOffset + begin;
  if (at % elementSizeOf(dtype) === 0) return viewOf(dtype, bytes.buffer, at, elements);
  const array = zerosOf(dtype, elements, quote(name));
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes.subarray(begin, begin + array.byteLength));
  return array;
}

function tensorOf({ name, dtype, shape }: Tensor, data: AnyArray, widened: boolean): SafetensorsTensor {
  if (!widened || (dtype !== "F16" && dtype !== "BF16")) return { dtype, shape, data } as SafetensorsTensor;
  const into = zerosOf("F32", data.length, quote(name)) as Float32Array;
  widen(dtype, data as Uint16Array, into);
  return { dtype: "F32", shape, data: into };
}
