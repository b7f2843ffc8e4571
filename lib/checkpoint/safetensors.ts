// The safetensors format: eight bytes with the header's length, a header of JSON, then the tensors' bytes end to end, little-endian
// as every platform of this package is. https://github.com/huggingface/safetensors#format
import { describe, isObject, plainError } from "../errors";
import { parseJson } from "./json";

/** The bytes of one element. */
const sizes = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 },
  ...{ I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 },
} as const;
export type Dtype = keyof typeof sizes;

export const allDtypes = Object.keys(sizes) as readonly Dtype[];

/** Those that a checkpoint uses. */
export const checkpointDtypes: readonly Dtype[] = ["F64", "I64", "F32", "U32", "BF16", "U8"];

export interface Tensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** What a header says, checked whole: the tensors in the order of their bytes, which fill the rest of the file without a gap. */
export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: readonly Tensor[];
}

/** The format's own limit. */
const longestHeader = 100_000_000;

/** As many as PyTorch's tensors have. */
const mostDimensions = 64;

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

export const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const elementSizeOf = (dtype: Dtype): number => sizes[dtype];

export const byteLengthOf = ({ dtype, shape }: Tensor): number => elementsOf(shape) * sizes[dtype];

/** A header, with its length before it and spaces behind, so that the first tensor starts at a multiple of eight. */
export function encodeHeader(metadata: Readonly<Record<string, string>>, tensors: readonly Tensor[]): Uint8Array {
  let offset = 0;
  const described = tensors.map((tensor) => {
    const { name, dtype, shape } = tensor;
    const begin = offset;
    offset += byteLengthOf(tensor);
    return [name, { dtype, shape, data_offsets: [begin, offset] }] as const;
  });
  const first = Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : [];
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries<unknown>([...first, ...described])));
  const length = Math.ceil(text.length / 8) * 8;
  if (length > longestHeader) throw refuse(`its header would take ${length} bytes, and may have ${longestHeader}`);
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

/** The header's length, from the file's first eight bytes; before any memory is taken for it. */
export function headerLengthOf(prefix: Uint8Array, fileLength: number): number {
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  const left = fileLength - 8;
  if (length > BigInt(left))
    throw refuse(`not a safetensors file, or cut short: a header of ${length} bytes where ${left} are left`);
  if (length > BigInt(longestHeader)) throw refuse(`a header of ${length} bytes, and safetensors allows ${longestHeader}`);
  return Number(length);
}

/** Reads a header without its length; `dataLength` is how many bytes follow it, `dtypes` the types that its tensors may have. */
export function parseHeader(bytes: Uint8Array, dataLength: number, dtypes: readonly Dtype[]): Header {
  const metadata = new Map<string, string>();
  const located: (Tensor & { begin: number; end: number })[] = [];
  for (const [name, value] of Object.entries(requireRecord(parseJson(decode(bytes), "its header"), "its header"))) {
    if (name === "__metadata__") {
      for (const [key, item] of Object.entries(requireRecord(value, "__metadata__"))) {
        if (typeof item !== "string") throw refuse(`__metadata__ ${JSON.stringify(key)} is not a string`);
        metadata.set(key, item);
      }
    } else located.push(readTensor(name, value, dtypes));
  }
  located.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let offset = 0;
  for (const { name, begin, end } of located) {
    if (begin !== offset) throw refuse(`${quote(name)} begins at ${begin}, and the tensor before it ends at ${offset}`);
    offset = end;
  }
  if (offset !== dataLength) throw refuse(`its tensors take ${offset} bytes, and it has ${dataLength} for them`);
  return { metadata, tensors: located.map(({ name, dtype, shape }) => ({ name, dtype, shape })) };
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) throw refuse("not a safetensors file: its header does not begin with {");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw plainError("ERR_CHECKPOINT", "its header is not UTF-8", cause);
  }
}

function readTensor(name: string, value: unknown, dtypes: readonly Dtype[]): Tensor & { begin: number; end: number } {
  const { dtype, shape, data_offsets, ...rest } = requireRecord(value, quote(name));
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw refuse(`${quote(name)} has a key ${quote(stray)}, which safetensors does not know`);
  if (!dtypes.includes(dtype as Dtype)) {
    throw refuse(`${quote(name)} has dtype ${describe(dtype)}, and it must be one of ${dtypes.join(", ")}`);
  }
  if (!isCounts(shape) || shape.length > mostDimensions) {
    throw refuse(`${quote(name)}: its shape must be at most ${mostDimensions} whole numbers, got ${describe(shape)}`);
  }
  if (!isCounts(data_offsets) || data_offsets.length !== 2) {
    throw refuse(`${quote(name)}: its data_offsets must be two whole numbers, got ${describe(data_offsets)}`);
  }
  const tensor = { name, dtype: dtype as Dtype, shape };
  const [begin, end] = data_offsets as [number, number];
  const wanted = byteLengthOf(tensor);
  if (end - begin !== wanted) {
    throw refuse(`${quote(name)} of shape [${shape.join(", ")}] takes ${wanted} bytes, and its data_offsets span ${end - begin}`);
  }
  return { ...tensor, begin, end };
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);

/** A name from a file, for a message. */
export const quote = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);

export function requireRecord(value: unknown, what: string): Record<string, unknown> {
  if (isObject(value) && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refuse(`${what} is not an object`);
}

/** The last tensor: the CRC-32 of every byte of the file before it. */
export const checksum: Tensor = { name: "crc32", dtype: "U8", shape: [4] };
