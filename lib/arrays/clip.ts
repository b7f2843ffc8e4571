import { isCudaArray } from "../cuda/array";
import { arrayKind, describe, lengthOf, plainError, rangeError, typeError } from "../errors";
import { requireUnleased } from "./placement";
import { addon } from "../native/engine";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Parameter } from "../parameter";
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
 * @param params a parameter or several, of which those without a gradient are left out
 * @param maxNorm what the norm is brought down to, ≥ 0
 * @returns the norm before
 * @throws with a `code`, and nothing written, where an argument cannot be; ERR_NON_FINITE with `errorIfNonfinite`
 */
export function clipGradNorm(params: Parameter | Iterable<Parameter>, maxNorm: number, options: ClipOptions = {}): number {
  requireObject(options, "The options of clipGradNorm");
  refuseUnknownKeys(options, ["normType", "errorIfNonfinite"], "clipGradNorm");
  const { normType = 2, errorIfNonfinite = false } = options;
  const bound = requireNorm(maxNorm, "maxNorm");
  if (typeof normType !== "number" || !(normType > 0)) {
    throw rangeError("ERR_INVALID_OPTION", `normType must be a number above 0, got ${describe(normType)}`);
  }
  const strict = flag(errorIfNonfinite, "errorIfNonfinite");
  const gradients = gradientsOf(params);
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

function gradientsOf(params: unknown): Float32Array[] {
  if (typeof params !== "object" || params === null || ArrayBuffer.isView(params)) {
    throw typeError("ERR_INVALID_PARAMETER", `clipGradNorm takes parameters, got ${describe(params)}`);
  }
  const list: unknown[] = Symbol.iterator in params ? [...(params as Iterable<unknown>)] : [params];
  const gradients = list.map((item, index) => {
    if (typeof item !== "object" || item === null || arrayKind(item) !== undefined) {
      throw typeError("ERR_INVALID_PARAMETER", `Parameter ${index} must be an object with data and grad, got ${describe(item)}`);
    }
    const grad: unknown = (item as Parameter).grad ?? null;
    if (grad !== null && arrayKind(grad) !== "Float32Array") {
      const advice = isCudaArray(grad) ? "; on a device, step({ maxGradNorm }) clips without writing the gradients" : "";
      throw typeError("ERR_NOT_FLOAT32", `Parameter ${index}: grad must be a Float32Array, got ${describe(grad)}${advice}`);
    }
    return grad as Float32Array | null;
  });
  const present = gradients.filter((grad) => grad !== null && lengthOf(grad) > 0) as Float32Array[];
  for (const grad of present) requireUnleased(grad, "A gradient");
  return present;
}
