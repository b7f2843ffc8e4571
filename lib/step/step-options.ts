// The options and the report of a step.
import { requireStream, type StreamOptions } from "../cuda/driver";
import { describe, rangeError, typeError } from "../errors";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";

/** What a step does to the gradients before the update, in this order. They themselves are never written. */
export interface GradientOptions {
  /** A factor for every gradient, rounded to float32: 1 / loss scale, 1 / number of micro-batches. Default 1. */
  readonly gradScale?: number;
  /** Skips the whole step if any scaled gradient is infinite or NaN: nothing is written, no step counted. Default false. */
  readonly skipNonFinite?: boolean;
  /**
   * Scales all gradients of the step by min(1, maxGradNorm / (norm + 1e-6)), rounded to float32, where norm is the Euclidean norm of
   * all of them together, as PyTorch's clip_grad_norm_ does. Default: no clipping.
   */
  readonly maxGradNorm?: number;
}

/**
 * The options of a step. `stream` applies to parameters on a device; parameters on the host ignore it.
 *
 * @interface
 */
export type StepOptions = GradientOptions & StreamOptions;

/** The same, read and checked. */
export type ReadStepOptions = Readonly<StepOptions> & {
  /** A factor for every gradient after `gradScale`: of somebody who knows the norm of more gradients than this step's. */
  readonly clip?: number;
};

/** What a step did. */
export interface StepReport {
  /** How many parameters had a gradient and were updated. */
  readonly updated: number;
  /** True where the step was left out as a whole. */
  readonly skipped: boolean;
  /**
   * The norm of all gradients, scaled and not yet clipped, with `maxGradNorm` or `skipNonFinite`. Where it was left on a device, the first
   * read waits for the device, and throws ERR_BUSY during a `stepAsync` or ERR_CUDA_LOST.
   */
  readonly gradNorm?: number;
}

/** What a step has left on a device. */
export interface NormSlot {
  readonly norm: number;
  readonly skipped: boolean;
}

/**
 * The report of a step whose norm is read when it is asked for; and with `skips` whether it was left out. With `again` it is that of the
 * last replay, whenever it is asked.
 */
export function reportOf(updated: number, read: () => NormSlot, { skips = false, again = false } = {}): StepReport {
  let found: NormSlot | undefined;
  const look = () => (again ? read() : (found ??= read()));
  return {
    get updated() {
      return skips && look().skipped ? 0 : updated;
    },
    get skipped() {
      return skips && look().skipped;
    },
    get gradNorm() {
      return look().norm;
    },
  };
}

const keys = ["gradScale", "skipNonFinite", "maxGradNorm", "stream"];

const nothing: ReadStepOptions = {};

/** Reads the options of a step, once: they may be accessors. */
export function readStepOptions(given: unknown, what: string): ReadStepOptions {
  if (given === undefined) return nothing;
  requireObject(given, `The options of ${what}`);
  refuseUnknownKeys(given, keys, what);
  const { gradScale, skipNonFinite, maxGradNorm, stream } = given;
  return {
    ...(gradScale === undefined ? {} : { gradScale: requireFactor(gradScale) }),
    ...(skipNonFinite === undefined ? {} : { skipNonFinite: flag(skipNonFinite, "skipNonFinite") }),
    ...(maxGradNorm === undefined ? {} : { maxGradNorm: requireNorm(maxGradNorm, "maxGradNorm") }),
    ...(stream === undefined ? {} : { stream: requireStream(stream) }),
  };
}

function requireFactor(value: unknown): number {
  if (typeof value !== "number") throw typeError("ERR_INVALID_OPTION", `gradScale must be a number, got ${describe(value)}`);
  if (!Number.isFinite(value)) throw rangeError("ERR_INVALID_OPTION", `Invalid gradScale: ${value}`);
  return value;
}

/** A norm that gradients are clipped to: from 0 to infinity. */
export function requireNorm(value: unknown, key: string): number {
  if (typeof value !== "number") throw typeError("ERR_INVALID_OPTION", `${key} must be a number, got ${describe(value)}`);
  if (!(value >= 0)) throw rangeError("ERR_INVALID_OPTION", `Invalid ${key}: ${value}`);
  return value;
}
