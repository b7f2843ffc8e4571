import { describe, plainError, rangeError } from "../errors";
import { clippable, type Clippable } from "./gradients";
import { addon } from "../native/engine";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import { requireNorm } from "../step/step-options";

export interface ClipOptions {
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
 * fixed order. The factor is rounded to float32. To clip without writing the gradients, and on a device, see
 * `step({ maxGradNorm })`.
 *
 * @param params one parameter or an iterable of them; parameters without a gradient are skipped
 * @param maxNorm the largest total norm allowed, ≥ 0
 * @returns the total norm before clipping
 * @throws a coded error for an invalid argument, or ERR_NON_FINITE with `errorIfNonfinite`; nothing is written then
 */
export function clipGradNorm(params: Clippable, maxNorm: number, options: ClipOptions = {}): number {
  requireObject(options, "The options of clipGradNorm");
  refuseUnknownKeys(options, ["normType", "errorIfNonfinite"], "clipGradNorm");
  const { normType = 2, errorIfNonfinite = false } = options;
  const bound = requireNorm(maxNorm, "maxNorm");
  if (typeof normType !== "number" || !(normType > 0)) {
    throw rangeError("ERR_INVALID_OPTION", `normType must be a number above 0, got ${describe(normType)}`);
  }
  const strict = flag(errorIfNonfinite, "errorIfNonfinite");
  const gradients = clippable(params);
  const norm = addon.norm(gradients, normType);
  if (strict && !Number.isFinite(norm)) {
    throw plainError(
      "ERR_NON_FINITE",
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped`,
    );
  }
  addon.scale(gradients, clipCoefficient(norm, bound));
  return norm;
}

/** The factor that brings a norm down to a bound: 1 where it is below; NaN stays. */
export function clipCoefficient(norm: number, bound: number): number {
  const coefficient = bound / (norm + 1e-6);
  return coefficient > 1 ? 1 : coefficient;
}
