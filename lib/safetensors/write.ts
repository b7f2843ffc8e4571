// From arrays to a safetensors file.
import { copyOf, nativeOf, type Floats } from "../arrays/placement";
import { pathOf, replaceFile } from "../checkpoint/files";
import { concat, inPieces, type Bytes } from "../checkpoint/pieces";
import { elementSizeOf, elementsOf, encodeHeader, quote, type Dtype, type Tensor } from "../checkpoint/safetensors";
import { isCudaArray, type CudaArray } from "../cuda/array";
import { arrayKind, describe, isArray, isDetached, isObject, lengthOf, plainError, rangeError, typeError } from "../errors";
import { touch } from "../foreign";
import { addon } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import { about } from "./read";
import { dtypesFor, type AnyArray } from "./tensor";

type Data = AnyArray | Uint8ClampedArray | CudaArray;

/**
 * A tensor to write: an array, or an object with `data`, such as a parameter or what `readSafetensors` returned. Without a `shape` it is a
 * vector. `dtype` is that of the array; "F16" and "BF16" may be said of a Uint16Array, "BOOL", "F8_E4M3" and "F8_E5M2" of a Uint8Array.
 */
export type TensorToWrite = Data | { readonly data: Data; readonly shape?: readonly number[]; readonly dtype?: Dtype };

export interface WriteSafetensorsOptions {
  /** Strings by name, the file's `__metadata__`. Default: none. */
  metadata?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
}

type Named<T> = Readonly<Record<string, T>> | Iterable<readonly [string, T]>;
type Filled = Tensor & { readonly bytes: Uint8Array };

/**
 * Writes a safetensors file. All that is written is copied before this returns. The file is replaced whole or not at all, as
 * `saveState` replaces one: whatever happens, a crash included, the path then has the old file or the new one.
 *
 * @param path where to; an existing file is replaced
 * @param tensors by name: an object, a Map, or any iterable of pairs
 * @param options `metadata`: strings by name, default none
 * @throws never: the promise is rejected with ERR_SAFETENSORS where a name, a shape, a type or an array cannot be written, or the path is
 *   no regular file; ERR_LEASED where a step on another thread is writing an array; or with the file system's own error
 */
export async function writeSafetensors(
  path: string | URL,
  tensors: Named<TensorToWrite>,
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  const target = pathOf(path, "safetensors file");
  try {
    await replaceFile(target, inPieces(partsOf("writeSafetensors", tensors, options)));
  } catch (error) {
    throw about(target, error, path);
  }
}

/**
 * The bytes that `writeSafetensors` writes, for where there are no files: `new Blob([bytes])` in a browser.
 *
 * @param tensors as of `writeSafetensors`
 * @param options as of `writeSafetensors`
 * @throws what `writeSafetensors` rejects with
 */
export function encodeSafetensors(tensors: Named<TensorToWrite>, options: WriteSafetensorsOptions = {}): Bytes {
  try {
    return concat(partsOf("encodeSafetensors", tensors, options));
  } catch (error) {
    throw about("The safetensors file", error);
  }
}

const refuse = (message: string) => typeError("ERR_SAFETENSORS", message);

function partsOf(method: string, given: unknown, options: unknown): Uint8Array[] {
  requireObject(options, `The options of ${method}`);
  refuseUnknownKeys(options, ["metadata"], method);
  const metadata = readMetadata(options["metadata"] ?? {});
  const tensors = entriesOf(given, "The tensors").map(([name, value]) => readTensor(name, value));
  // The wide ones first: then every tensor begins at a multiple of its element's size.
  tensors.sort((a, b) => elementSizeOf(b.dtype) - elementSizeOf(a.dtype));
  const header = encodeHeader(metadata, tensors);
  return [header, ...tensors.map(({ bytes }) => bytes)];
}

/** Names and values, of which no name stands twice and none would be changed. */
function entriesOf(given: unknown, what: string): [string, unknown][] {
  if (!isObject(given) || arrayKind(given) !== undefined) {
    throw refuse(`${what} must be an object, a Map or pairs of a name and a value, got ${describe(given)}`);
  }
  const pairs: unknown[] = Symbol.iterator in given ? [...(given as Iterable<unknown>)] : Object.entries(given);
  const seen = new Set<string>();
  return pairs.map((pair) => {
    if (!isArray(pair) || pair.length !== 2) throw refuse(`${what} must be pairs of a name and a value, got ${describe(pair)}`);
    const [name, value] = pair as [unknown, unknown];
    if (typeof name !== "string") throw refuse(`${what}: a name must be a string, got ${describe(name)}`);
    if (name === "__proto__" || name === "__metadata__") throw refuse(`${what}: the name ${name} has another meaning`);
    requireText(name, `${what}: the name ${quote(name)}`);
    if (seen.has(name)) throw refuse(`${what}: the name ${quote(name)} stands twice`);
    seen.add(name);
    return [name, value];
  });
}

/** Half a surrogate pair is no Unicode, and would be written as another character. */
function requireText(text: string, what: string): void {
  if (/\p{Surrogate}/u.test(text)) throw refuse(`${what} is no Unicode text: it has half a surrogate pair`);
}

function readMetadata(given: unknown): Record<string, string> {
  const entries = entriesOf(given, "metadata").map(([key, value]) => {
    if (typeof value !== "string") throw refuse(`metadata ${quote(key)} must be a string, got ${describe(value)}`);
    requireText(value, `metadata ${quote(key)}`);
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}

function readTensor(name: string, value: unknown): Filled {
  const isData = arrayKind(value) !== undefined || isCudaArray(value);
  if (!isObject(value)) throw refuse(`${quote(name)} must be an array or have data, got ${describe(value)}`);
  const { data, shape, dtype } = touch({ label: quote(name) }, () => {
    const { data, shape, dtype } = (isData ? { data: value } : value) as { data: unknown; shape?: unknown; dtype?: unknown };
    return { data, shape, dtype };
  });
  const known = isCudaArray(data) ? (["F32"] as const) : dtypesFor(arrayKind(data));
  if (known.length === 0) throw refuse(`${quote(name)}: data must be an array of numbers, got ${describe(data)}`);
  const type = (dtype ?? known[0]) as Dtype;
  if (!known.includes(type)) {
    throw refuse(`${quote(name)}: ${describe(data)} holds ${known.join(", ")}, and its dtype is ${describe(dtype)}`);
  }
  const bytes = bytesOf(name, data as Data);
  return { name, dtype: type, shape: readShape(name, shape, bytes.length / elementSizeOf(type)), bytes };
}

/** A copy of the bytes of an array. */
function bytesOf(name: string, data: Data): Uint8Array {
  if (!isCudaArray(data) && isDetached(data)) throw typeError("ERR_DETACHED", `${quote(name)}: its data has lost its memory`);
  if (isCudaArray(data) || arrayKind(data) === "Float32Array") {
    if (addon.leased(nativeOf(data as Floats), false)) {
      throw plainError("ERR_LEASED", `${quote(name)}: a step on another thread is writing its data; await stepAsync() first`);
    }
    const copy = copyOf(data as Floats);
    return new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength);
  }
  if (lengthOf(data) === 0) return new Uint8Array(0);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

function readShape(name: string, shape: unknown, length: number): readonly number[] {
  if (shape === undefined) return [length];
  const sizes = isArray(shape) && shape.length <= 64 ? Array.from(shape as number[]) : null; // read once, with its holes
  if (!sizes?.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw refuse(`${quote(name)}: shape must be at most 64 whole numbers, got ${describe(shape)}`);
  }
  if (elementsOf(sizes) === length) return sizes;
  const message = `${quote(name)}: a shape of [${sizes.join(", ")}] has ${elementsOf(sizes)} elements, its data ${length}`;
  throw rangeError("ERR_SAFETENSORS", message);
}
