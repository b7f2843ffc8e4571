import { arrayKind, describe, isDetached, isObject, lengthOf, plainError, rangeError, typeError } from "../errors";
import { meantAsOptimizer } from "../meant";
import { ownerOf } from "../optimizer/views";
import { flag, readOptions, refuseMore, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { StepOptions, StepReport } from "../step";

import {
  defaults,
  kinds,
  savedKinds,
  scaleKind,
  smallest,
  type GradScalerOptions,
  type GradScalerStateDict,
} from "./grad-scaler-options";

/** What a step may be told besides. `skipNonFinite` is always on. */
export type ScaledStepOptions = Omit<StepOptions, "skipNonFinite">;

/** What a scaler asks of an optimizer. */
interface Stepped {
  step(options?: StepOptions): StepReport;
  stepAsync(options?: StepOptions): Promise<StepReport>;
}

/** The same of one whose steps are all asynchronous, as those of Sharded. */
interface SteppedLater {
  step(options?: StepOptions): Promise<StepReport>;
  stepAsync(options?: StepOptions): Promise<StepReport>;
}

function requireOptimizer(value: unknown): Stepped {
  const { step, stepAsync } = (isObject(value) ? value : {}) as { step?: unknown; stepAsync?: unknown };
  if (typeof step === "function" && typeof stepAsync === "function") return value as Stepped;
  throw typeError(
    "ERR_OPTIMIZER",
    `${describe(value)} is not an optimizer: it has no step and stepAsync${meantAsOptimizer(value)}`,
  );
}

/**
 * PyTorch's `torch.cuda.amp.GradScaler`: keeps the scale of the loss that makes small gradients representable in half precision.
 *
 * Each iteration: compute the gradients of `scale(loss)`, call `step` with every optimizer, then `update` once.
 *
 *     step:    g ← g·f32(1/scale); left out where any is infinite or NaN (gradScale and skipNonFinite of the optimizer's step)
 *     update:  scale ← scale·backoff_factor            where any optimizer's step was left out
 *              scale ← scale·growth_factor             after growth_interval iterations in a row without one, if it stays finite
 *
 * The scale is a float32, and does not fall below 2^-126. Gradients are never written: `step(optimizer, { maxGradNorm })` clips what is
 * unscaled, as `unscale_` and `clip_grad_norm_` do in PyTorch.
 *
 * @example
 * const scaler = new GradScaler();
 * computeGradients(scaler.scale(1)); // the gradient of the loss with respect to itself
 * scaler.step(optimizer, { maxGradNorm: 1 });
 * scaler.update();
 */
export class GradScaler {
  readonly #enabled: boolean;
  #state: Required<GradScalerStateDict>;
  /** Whether the step of each optimizer since the last update was left out, by `ownerOf`; null while it is under way. */
  #steps = new Map<object, boolean | null>();
  /** Whether any of those steps looked at gradients. */
  #checked = false;

  /** @throws ERR_INVALID_OPTION, ERR_UNKNOWN_OPTION */
  constructor(options: GradScalerOptions = {}) {
    requireObject(options, "The options of GradScaler");
    refuseUnknownKeys(options, Object.keys(kinds), "GradScaler");
    const { init_scale, enabled, ...rest } = readOptions(kinds, options, defaults);
    this.#enabled = enabled;
    this.#state = { scale: Math.fround(init_scale), ...rest, _growth_tracker: 0 };
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** The present scale; 1 where the scaler is not enabled. */
  getScale(): number {
    return this.#enabled ? this.#state.scale : 1;
  }

  /**
   * A loss, or the gradient of a loss, times the scale: numbers in double, arrays as new arrays, each product rounded to float32.
   *
   * @throws ERR_INVALID_OPTION for anything else
   */
  scale<T extends number | Float32Array>(outputs: T): T extends number ? number : Float32Array;
  scale(outputs: number | Float32Array): number | Float32Array {
    const isArray = arrayKind(outputs) === "Float32Array";
    if (typeof outputs !== "number" && !isArray) {
      throw typeError("ERR_INVALID_OPTION", `scale takes a number or a Float32Array, got ${describe(outputs)}`);
    }
    if (!this.#enabled) return outputs;
    const { scale } = this.#state;
    if (typeof outputs === "number") return outputs * scale;
    if (isDetached(outputs)) throw typeError("ERR_DETACHED", "The array that scale takes has lost its memory");
    const result = new Float32Array(lengthOf(outputs));
    for (let i = 0; i < result.length; ++i) result[i] = (outputs[i] as number) * scale;
    return result;
  }

  /**
   * The optimizer's step over unscaled gradients, left out where any of them is infinite or NaN.
   *
   * @param options as of the optimizer's step: `maxGradNorm`, `stream`; a `gradScale` is a further factor
   * @returns what the optimizer reports; a promise of it where the optimizer's own `step` returns one
   * @throws ERR_GRAD_SCALER where this optimizer has stepped since the last `update`; ERR_CLOSURE for a closure; what its step throws
   */
  step(optimizer: Stepped, options?: ScaledStepOptions): StepReport;
  step(optimizer: SteppedLater, options?: ScaledStepOptions): Promise<StepReport>;
  step(optimizer: object, options?: ScaledStepOptions, ...rest: never[]): StepReport | Promise<StepReport> {
    const stepped = requireOptimizer(optimizer);
    if (!this.#enabled) return (stepped as { step(...all: unknown[]): StepReport }).step(options, ...rest); // a closure too
    if (rest.length > 0)
      throw typeError("ERR_INVALID_OPTION", `step takes an optimizer and options, got ${describe(rest[0])} besides`);
    const scaled = this.#begin(stepped, options);
    const report = stepped.step(scaled) as StepReport | Promise<StepReport>;
    return isObject(report) && "then" in report ? this.#endLater(stepped, report) : this.#end(stepped, report);
  }

  /**
   * The same on another thread. `update` must wait for the promise.
   *
   * @throws never: the promise is rejected with what `step` throws
   */
  stepAsync(optimizer: Stepped | SteppedLater, options?: ScaledStepOptions): Promise<StepReport>;
  async stepAsync(optimizer: object, options?: ScaledStepOptions, ...rest: readonly unknown[]): Promise<StepReport> {
    const stepped = requireOptimizer(optimizer);
    refuseMore(rest, "stepAsync");
    if (!this.#enabled) return stepped.stepAsync(options);
    const scaled = this.#begin(stepped, options);
    return this.#endLater(stepped, stepped.stepAsync(scaled));
  }

  #begin(optimizer: Stepped, options: unknown = {}): StepOptions {
    if (this.#steps.has(ownerOf(optimizer))) {
      throw plainError("ERR_GRAD_SCALER", "step() has already been called since the last update(): call update() first");
    }
    if (typeof options === "function") {
      const advice = "compute the gradients of scale(loss) first";
      throw typeError("ERR_CLOSURE", `Closure use is not currently supported if GradScaler is enabled: ${advice}`);
    }
    requireObject(options, "The options of step");
    const { gradScale = 1, skipNonFinite = true, ...rest } = options as StepOptions;
    if (!flag(skipNonFinite, "skipNonFinite")) {
      throw rangeError("ERR_INVALID_OPTION", `GradScaler always steps with skipNonFinite, got ${describe(skipNonFinite)}`);
    }
    if (typeof gradScale !== "number") {
      throw typeError("ERR_INVALID_OPTION", `gradScale must be a number, got ${describe(gradScale)}`);
    }
    return { ...rest, gradScale: gradScale / this.#state.scale, skipNonFinite: true };
  }

  async #endLater(optimizer: Stepped, report: Promise<StepReport>): Promise<StepReport> {
    this.#steps.set(ownerOf(optimizer), null);
    try {
      return this.#end(optimizer, await report);
    } catch (error) {
      this.#steps.delete(ownerOf(optimizer));
      throw error;
    }
  }

  #end(optimizer: Stepped, report: StepReport): StepReport {
    if (!isObject(report) || typeof report.skipped !== "boolean") {
      const advice = "a class that overrides step or stepAsync must return what super's returns";
      throw typeError("ERR_OPTIMIZER", `The step of this optimizer returned ${describe(report)}, and no report: ${advice}`);
    }
    this.#steps.set(ownerOf(optimizer), report.skipped);
    this.#checked ||= report.skipped || report.updated > 0;
    return report;
  }

  /**
   * Ends an iteration: after the steps of all optimizers.
   *
   * @param newScale sets the scale, in the place of what follows from the steps
   * @throws ERR_GRAD_SCALER where no step has looked at any gradient since the last `update`; ERR_BUSY while one is under way
   */
  update(newScale?: number): void {
    if (!this.#enabled) return;
    const skipped = [...this.#steps.values()];
    if (skipped.includes(null)) {
      throw plainError("ERR_BUSY", "This GradScaler is in the middle of a step; await its stepAsync() first");
    }
    if (newScale !== undefined) {
      this.#state = { ...this.#state, scale: Math.fround(scaleKind(newScale, "newScale")) };
    } else if (this.#checked) {
      this.#state = { ...this.#state, ...this.#next(skipped.includes(true)) };
    } else {
      const advice = "call step() with an optimizer that has gradients first";
      throw plainError("ERR_GRAD_SCALER", `No inf checks were recorded prior to update: ${advice}`);
    }
    this.#steps.clear();
    this.#checked = false;
  }

  #next(foundInf: boolean): { scale: number; _growth_tracker: number } {
    const { scale, growth_factor, backoff_factor, growth_interval, _growth_tracker } = this.#state;
    if (foundInf) return { scale: Math.max(Math.fround(scale * backoff_factor), smallest), _growth_tracker: 0 };
    if (_growth_tracker + 1 !== growth_interval) return { scale, _growth_tracker: _growth_tracker + 1 };
    const grown = Math.fround(scale * growth_factor);
    return { scale: grown < Infinity ? grown : scale, _growth_tracker: 0 };
  }

  /** The state under PyTorch's keys; `{}` where the scaler is not enabled. Save it after `update`: it keeps no steps. */
  stateDict(): GradScalerStateDict {
    return this.#enabled ? { ...this.#state } : {};
  }

  /**
   * Takes over a state. A scaler that is not enabled takes over none.
   *
   * @throws ERR_STATE_DICT where it is no state of a GradScaler; nothing is changed then
   */
  loadStateDict(saved: GradScalerStateDict): void {
    const refuse = (message: string, cause?: unknown) => typeError("ERR_STATE_DICT", message, cause);
    if (!isObject(saved) || Symbol.iterator in saved) {
      throw refuse(`A state dict must be an object, got ${describe(saved)}`);
    }
    if (!this.#enabled) return;
    const keys = Object.keys(savedKinds) as (keyof GradScalerStateDict)[];
    if (Object.keys(saved).length === 0) {
      throw refuse("The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.");
    }
    try {
      refuseUnknownKeys(saved, keys, "The state dict of GradScaler");
      const read = Object.fromEntries(keys.map((key) => [key, savedKinds[key](saved[key], key)]));
      this.#state = { ...(read as unknown as Required<GradScalerStateDict>), scale: Math.fround(read["scale"] as number) };
    } catch (cause) {
      throw refuse(`This is no state dict of GradScaler: ${(cause as Error).message}`, cause);
    }
    this.#steps.clear();
    this.#checked = false;
  }
}
