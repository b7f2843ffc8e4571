import { plainError } from "../errors";
import type { SequentialReader } from "./reader";
import { headerLengthOf, parseHeader, type Dtype, type Header } from "./safetensors";

/** Reads and checks the header of a file. No memory is taken for what its length merely claims. */
export async function readHeader(file: SequentialReader, dtypes: readonly Dtype[]): Promise<Header> {
  if (file.length < 8) throw plainError("ERR_CHECKPOINT", `not a safetensors file: it has ${file.length} bytes`);
  const prefix = new Uint8Array(8);
  await file.fill(prefix);
  const bytes = new Uint8Array(headerLengthOf(prefix, file.length));
  await file.fill(bytes);
  return parseHeader(bytes, file.length - 8 - bytes.length, dtypes);
}
