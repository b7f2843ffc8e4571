import { arrayKind, describe, isObject, lengthOf, rangeError, typeError } from "../errors";
import { requireUnleased } from "./placement";
import { addon } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";

export interface AccumulateOptions {
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
 *
 * @param into written; as long as every source, and apart from all of them in memory
 * @param sources only read; with none, nothing happens
 * @param scale a factor, rounded to float32; as a rule 1 / number of sources. Default 1
 * @param options `order`: "sequence" or "pairs"
 * @throws ERR_NOT_FLOAT32, ERR_LENGTH, ERR_OVERLAP, ERR_LEASED, ERR_INVALID_OPTION; nothing is written then
 */
export function accumulate(
  into: Float32Array,
  sources: Iterable<Float32Array>,
  scale = 1,
  options: AccumulateOptions = {},
): void {
  if (typeof scale !== "number") throw typeError("ERR_INVALID_OPTION", `scale must be a number, got ${describe(scale)}`);
  if (!isObject(sources) || ArrayBuffer.isView(sources) || !(Symbol.iterator in sources)) {
    throw typeError("ERR_NOT_FLOAT32", `The sources must be an iterable of Float32Arrays, got ${describe(sources)}`);
  }
  const pairs = readOrder(options) === "pairs";
  const list = [...sources];
  const length = requireFloats(into, "into");
  list.forEach((source, k) => {
    if (requireFloats(source, `sources[${k}]`) !== length) {
      throw rangeError("ERR_LENGTH", `sources[${k}] must have ${length} elements like into, got ${lengthOf(source)}`);
    }
  });
  if (list.length === 0 || length === 0) return;
  requireUnleased(into, "into");
  const overlapping = addon.accumulate(into, list, scale, pairs);
  if (overlapping !== null) throw rangeError("ERR_OVERLAP", `Overlap in memory: into and sources[${overlapping}]`);
}

function readOrder(options: unknown): "sequence" | "pairs" {
  requireObject(options, "The options of accumulate");
  refuseUnknownKeys(options, ["order"], "accumulate");
  const { order = "sequence" } = options;
  if (order === "sequence" || order === "pairs") return order;
  throw typeError("ERR_INVALID_OPTION", `order must be "sequence" or "pairs", got ${describe(order)}`);
}

function requireFloats(array: Float32Array, what: string): number {
  if (arrayKind(array) !== "Float32Array") {
    throw typeError("ERR_NOT_FLOAT32", `${what} must be a Float32Array, got ${describe(array)}`);
  }
  return lengthOf(array);
}
