// Safetensors files, written and read without the package's own code.
import { crc32 } from "node:zlib";

export interface RawTensor {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export interface RawFile {
  metadata: Record<string, string>;
  tensors: Record<string, RawTensor>;
}

export const float32 = (values: ArrayLike<number>, shape = [values.length]): RawTensor => ({
  dtype: "F32",
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

export const int64 = (value: number | bigint): RawTensor => ({
  dtype: "I64",
  shape: [],
  bytes: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
});

/** A header as bytes with its length before it. */
export function headerBytes(header: string | Uint8Array): Buffer {
  const text = Buffer.from(header as string);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

/** The same bytes and their checksum, in the place of the old one. */
export function signed(bytes: Uint8Array): Buffer {
  const body = bytes.subarray(0, -4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, sum]);
}

export function encode({ metadata, tensors }: RawFile, { checksum = true } = {}): Buffer {
  const all = { ...tensors, ...(checksum ? { crc32: { dtype: "U8", shape: [4], bytes: new Uint8Array(4) } } : {}) };
  let offset = 0;
  const entries = Object.entries(all).map(([name, { dtype, shape, bytes }]) => {
    const begin = offset;
    return [name, { dtype, shape, data_offsets: [begin, (offset += bytes.length)] }] as const;
  });
  const header = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const whole = Buffer.concat([headerBytes(header), ...Object.values(all).map(({ bytes }) => bytes)]);
  return checksum ? signed(whole) : whole;
}

export function decode(file: Uint8Array): RawFile {
  const bytes = Buffer.from(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  const { __metadata__, ...entries } = JSON.parse(bytes.toString("utf8", 8, start)) as Header;
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => {
      return [name, { dtype, shape, bytes: Uint8Array.from(bytes.subarray(start + begin, start + end)) }] as const;
    },
  );
  return { metadata: (__metadata__ ?? {}) as unknown as Record<string, string>, tensors: Object.fromEntries(tensors) };
}

export const floatsOf = ({ bytes }: RawTensor): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);
