// The values of parameters in a checkpoint.
import { isCudaArray, type CudaArray } from "../cuda/array";
import { plainError } from "../errors";
import { requireUnleased } from "../arrays/placement";
import { role } from "../native/engine";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import type { TrackedParameter } from "../step/tracked-parameter";

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

/** Every parameter that the checkpoint has must have its values. */
export function requireValues(
  tensors: readonly { readonly name: string }[],
  values: ReadonlyMap<TrackedParameter, Float32Array>,
  trackedOf: ReadonlyMap<string, TrackedParameter>,
): void {
  if (!tensors.some(({ name }) => name.startsWith("param.")))
    throw refuse("it holds no parameters: it was saved without { parameters: true }");
  for (const [id, tracked] of trackedOf) {
    if (!values.has(tracked)) throw refuse(`it holds no values of ${tracked.label}: there is no param.${id}`);
  }
}

/** Checks the memory that values will be written to; returns what writes them. */
export function prepareValues(values: ReadonlyMap<TrackedParameter, Float32Array>): () => void {
  const pairs = [...values].map(([tracked, from]) => ({ tracked, from, into: tracked.read("data") }));
  for (const { tracked, into } of pairs) {
    requireFloats(tracked, into, role.data);
    requireUnchanged(tracked, into, role.data);
    requireUnleased(into, `The data of ${tracked.label.toLowerCase()}`);
  }
  const onDevices = pairs.flatMap(({ from, into }) => (isCudaArray(into) ? [{ from, into }] : []));
  return () => {
    writeToDevices(onDevices);
    for (const { from, into } of pairs) {
      if (!isCudaArray(into) && from.length > 0) Float32Array.prototype.set.call(into, from);
    }
  };
}

/** Writes all of them, or puts back those that were written. */
export function writeToDevices(values: readonly { from: Float32Array; into: CudaArray }[]): void {
  const before = values.map(({ into }) => into.read());
  const touched: CudaArray[] = [];
  try {
    for (const { from, into } of values) {
      touched.push(into);
      into.write(from);
    }
  } catch (error) {
    try {
      touched.forEach((array, k) => array.write(before[k] as Float32Array));
    } catch (cause) {
      throw plainError("ERR_CUDA_LOST", `Parameters could be neither written nor put back: ${(cause as Error).message}`, cause);
    }
    throw error;
  }
}
