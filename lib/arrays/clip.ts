import { isCudaArray, memoryOf } from "../cuda/array";
import { requireStream, type StreamOptions } from "../cuda/driver";
import { describe, plainError, rangeError } from "../errors";
import { clippable, type Clippable } from "./gradients";
import { nativeOf, type Floats } from "./placement";
import { addon } from "../native/engine";
import { flag, refuseMore, refuseUnknownKeys, requireObject } from "../options/kinds";
import { requireNorm } from "../step/step-options";

/** `stream` is for gradients on a device. */
export interface ClipOptions extends StreamOptions {
  /** The order of the norm: more than 0, or Infinity for the largest element. Default 2. */
  normType?: number;
  /** Refuse to clip where the norm is infinite or NaN. Default false: then every gradient becomes NaN or 0, as in PyTorch. */
  errorIfNonfinite?: boolean;
}

/**
 * Scales gradients in place so that their norm, of all of them together, is at most `maxNorm`: PyTorch's clip_grad_norm_.
 *
 *     norm = (Σ |g|^normType)^(1/normType)
 *     g ← g·min(1, maxNorm / (norm + 1e-6))
 *
 * The norm is summed in double: in blocks of 4096 elements from the beginning of each gradient, each block in sixteen partial sums, in a
 * fixed order. The factor is rounded to float32.
 *
 * Gradients may lie on the host and on devices, with the same bits. Those on a device are summed there after what `stream` had before; the
 * norm is waited for, their scaling is not. For norms of other orders than 2 they are copied to the host first. `step({ maxGradNorm })`
 * clips without writing the gradients, and without waiting for a device.
 *
 * @param params one parameter or an iterable of them; parameters without a gradient are skipped
 * @param maxNorm the largest total norm allowed, ≥ 0
 * @returns the total norm before clipping
 * @throws a coded error for an invalid argument, or ERR_NON_FINITE with `errorIfNonfinite`; nothing is written then. ERR_CUDA_LOST
 */
export function clipGradNorm(params: Clippable, maxNorm: number, options?: ClipOptions): number;
export function clipGradNorm(params: Clippable, maxNorm: number, options: ClipOptions = {}, ...rest: readonly unknown[]): number {
  refuseMore(rest, "clipGradNorm");
  requireObject(options, "The options of clipGradNorm");
  refuseUnknownKeys(options, ["normType", "errorIfNonfinite", "stream"], "clipGradNorm");
  const { normType = 2, errorIfNonfinite = false, stream = 0n } = options;
  const bound = requireNorm(maxNorm, "maxNorm");
  if (typeof normType !== "number" || !(normType > 0)) {
    throw rangeError("ERR_INVALID_OPTION", `normType must be a number above 0, got ${describe(normType)}`);
  }
  const strict = flag(errorIfNonfinite, "errorIfNonfinite");
  const order = requireStream(stream);
  const gradients = clippable(params);
  const onDevices = gradients.filter(isCudaArray);
  const onHost = gradients.filter((grad): grad is Float32Array => !isCudaArray(grad));
  if (order !== 0n && onDevices.length === 0) {
    throw rangeError("ERR_CUDA_STREAM", "stream: none of the gradients lies on a device");
  }
  const norm = onDevices.length === 0 ? addon.norm(onHost, normType) : normAcrossPlaces(gradients, normType, order);
  if (strict && !Number.isFinite(norm)) {
    throw plainError(
      "ERR_NON_FINITE",
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped`,
    );
  }
  const factor = clipCoefficient(norm, bound);
  if (onDevices.length > 0) addon.cuda.scale(onDevices.map(memoryOf), factor, order); // which may be refused: nothing is written then
  addon.scale(onHost, factor);
  return norm;
}

/** The order 2 is summed where the gradients lie. The powers of other orders have the host's bits only there. */
function normAcrossPlaces(gradients: readonly Floats[], normType: number, stream: bigint): number {
  if (normType === 2) return addon.cuda.norm(gradients.map(nativeOf), stream);
  const copies = gradients.map((grad) => (isCudaArray(grad) ? grad.read({ stream }) : grad));
  return addon.norm(copies, normType);
}

/** The factor that brings a norm down to a bound: 1 where it is below; NaN stays. */
export function clipCoefficient(norm: number, bound: number): number {
  const coefficient = bound / (norm + 1e-6);
  return coefficient > 1 ? 1 : coefficient;
}
