import { isCudaArray, memoryOf, type CudaArray } from "../cuda/array";
import { requireStream, type StreamOptions } from "../cuda/driver";
import { describe, isObject, plainError, rangeError, typeError } from "../errors";
import { liveLength, placeOf, requireUnleased, type Floats } from "./placement";
import { addon } from "../native/engine";
import { refuseMore, refuseUnknownKeys, requireObject } from "../options/kinds";

/** `stream` is for arrays on a device. */
export interface AccumulateOptions extends StreamOptions {
  /**
   * "sequence": (sources[0] + sources[1]) + sources[2] …; "pairs": ((0 + 1) + (2 + 3)) + …, an odd one passes up. In pairs, 2ᵏ gradients
   * of each of several workers have the same sum, whether one adds them all up, or each its own and one the sums. Default "sequence".
   */
  order?: "sequence" | "pairs";
}

/**
 * Sums gradients of workers or micro-batches into one array, on every core, in the given order:
 *
 *     into ← into + scale · ((sources[0] + sources[1]) + …)
 *
 * or in pairs; each sum rounded to float32, the last product and sum rounded together (as PyTorch's `into.add_(sum, alpha=scale)`).
 * Arrays may all lie on one device: then this is launched in the order of `stream`, with the same bits, and not waited for.
 *
 * @param into written; as long as every source, and apart from all of them in memory
 * @param sources only read; with none, nothing happens
 * @param scale a factor, rounded to float32; as a rule 1 / number of sources. Default 1
 * @param options `order`: "sequence" or "pairs"; `stream`: default 0n, the legacy default stream
 * @throws ERR_NOT_FLOAT32, ERR_MIXED_DEVICES, ERR_DISPOSED, ERR_LENGTH, ERR_OVERLAP, ERR_LEASED, ERR_INVALID_OPTION, ERR_CUDA_STREAM,
 *   ERR_OUT_OF_MEMORY, ERR_CUDA; nothing is written then. ERR_CUDA_LOST
 */
export function accumulate(
  into: Float32Array,
  sources: Iterable<Float32Array>,
  scale?: number,
  options?: AccumulateOptions,
): void;
export function accumulate(into: CudaArray, sources: Iterable<CudaArray>, scale?: number, options?: AccumulateOptions): void;
export function accumulate(
  into: Floats,
  sources: Iterable<Floats>,
  scale = 1,
  options: AccumulateOptions = {},
  ...rest: readonly unknown[]
): void {
  refuseMore(rest, "accumulate");
  if (typeof scale !== "number") throw typeError("ERR_INVALID_OPTION", `scale must be a number, got ${describe(scale)}`);
  if (!isObject(sources) || ArrayBuffer.isView(sources) || !(Symbol.iterator in sources)) {
    throw typeError("ERR_NOT_FLOAT32", `The sources must be an iterable of Float32Arrays, got ${describe(sources)}`);
  }
  const { order, stream } = readOptions(options);
  const list = [...sources];
  const place = requirePlace(into, "into");
  const length = liveLength(into, place);
  list.forEach((source, k) => {
    requireLike(source, `sources[${k}]`, into, place, length);
  });
  if (stream !== 0n && !isCudaArray(into)) throw rangeError("ERR_CUDA_STREAM", "stream: the arrays do not lie on a device");
  if (list.length === 0 || length === 0) return;
  requireUnleased(into, "into");
  const pairs = order === "pairs";
  const overlapping = isCudaArray(into)
    ? addon.cuda.accumulate(memoryOf(into), (list as CudaArray[]).map(memoryOf), scale, pairs, stream)
    : addon.accumulate(into, list as Float32Array[], scale, pairs);
  if (overlapping !== null) throw rangeError("ERR_OVERLAP", `Overlap in memory: into and sources[${overlapping}]`);
}

function readOptions(options: unknown): { order: "sequence" | "pairs"; stream: bigint } {
  requireObject(options, "The options of accumulate");
  refuseUnknownKeys(options, ["order", "stream"], "accumulate");
  const { order = "sequence", stream = 0n } = options;
  if (order === "sequence" || order === "pairs") return { order, stream: requireStream(stream) };
  throw typeError("ERR_INVALID_OPTION", `order must be "sequence" or "pairs", got ${describe(order)}`);
}

/** Where an array lies. */
function requirePlace(array: Floats, what: string): number {
  const place = placeOf(array);
  if (place === undefined) throw notFloats(what, "a Float32Array or a CudaArray", array);
  if (isCudaArray(array) && array.disposed) throw plainError("ERR_DISPOSED", `${what} was disposed`);
  return place;
}

/** Requires an array that lies where `into` does, and is as long. */
function requireLike(source: Floats, what: string, into: Floats, place: number, length: number): void {
  if (placeOf(source) === undefined) {
    throw notFloats(what, isCudaArray(into) ? "a CudaArray like into" : "a Float32Array", source);
  }
  if (requirePlace(source, what) !== place) {
    const advice = "all arrays must lie in one place: cuda.from() copies to a device, read() to the host";
    throw typeError("ERR_MIXED_DEVICES", `${what} is ${describe(source)}, and into is ${describe(into)}; ${advice}`);
  }
  const own = liveLength(source, place);
  if (own !== length) throw rangeError("ERR_LENGTH", `${what} must have ${length} elements like into, got ${own}`);
}

const notFloats = (what: string, wanted: string, value: unknown) =>
  typeError("ERR_NOT_FLOAT32", `${what} must be ${wanted}, got ${describe(value)}`);
