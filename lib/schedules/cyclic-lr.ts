import { isObject, plainError } from "../errors";
import { amplitudeAt, cycleKinds, readCyclic, type Cyclic, type ScaleFunction } from "./cyclic";
import { LRScheduler, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";
import type { ScheduleStateDict } from "./schedule";

export interface CyclicLROptions extends EpochOptions {
  /** The smallest lr, where a cycle starts: one for all groups, or one for each. */
  base_lr: number | readonly number[];
  /** The largest lr: one for all groups, or one for each. */
  max_lr: number | readonly number[];
  /** Steps from the smallest lr to the largest. Default 2000. */
  step_size_up?: number;
  /** Steps back. Default: as many as up. */
  step_size_down?: number;
  /** "triangular" (default), "triangular2": half as high in each cycle, "exp_range": gamma^e as high in step e. */
  mode?: "triangular" | "triangular2" | "exp_range";
  /** Default 1. Used with "exp_range" alone. */
  gamma?: number;
  /** A height of your own, from 0 to 1, instead of `mode`, which is not used then. It is not saved. */
  scale_fn?: ScaleFunction;
  /** Whether `scale_fn` is given the number of the cycle, from 1 ("cycle", default), or of the step, from 0 ("iterations"). Not used without `scale_fn`. */
  scale_mode?: "cycle" | "iterations";
  /** Cycle `betas[0]`, or `momentum` where a group has no betas, against lr. Without it the two momenta are not used. Default true. */
  cycle_momentum?: boolean;
  /** The smallest momentum, where lr is largest, in [0, 1); one for all groups, or one for each. Default 0.8. */
  base_momentum?: number | readonly number[];
  /** The largest momentum. Default 0.9. */
  max_momentum?: number | readonly number[];
}

/**
 * Moves lr up and down between two bounds, with momentum the other way round (Smith, Cyclical Learning Rates for Training Neural
 * Networks). Call `step` after each step of the optimizer. With x the part of the way up that is done, or of the way down that is left:
 *
 *     lr = base_lr + (max_lr − base_lr)·x·scale;  momentum = max_momentum − (max_momentum − base_momentum)·x·scale
 *     scale: 1 for "triangular", 2^(1−cycle) for "triangular2", gamma^e for "exp_range"
 *
 * It replaces lr of the groups, and with `cycle_momentum` their `betas` by new arrays.
 */
export class CyclicLR extends LRScheduler<Cyclic> {
  constructor(optimizer: Scheduled, options: CyclicLROptions) {
    const { own, scale, base_lrs, initial } = readCyclic(optimizer, options);
    // What a dict from PyTorch lacks: without cycle_momentum it has no momentum.
    const optional = ["base_momentums", "max_momentums"];
    super(optimizer, cycleKinds, { ...own, _scale_fn_custom: scale }, { bases: initial, optional });
    this.state = { ...this.state, base_lrs };
  }

  protected override lrAt(epoch: number, _lr: number, base: number, index: number): number {
    const { max_lrs } = this.state;
    if (index >= max_lrs.length) {
      throw plainError("ERR_SCHEDULE", `Param group ${index} was added later, and has no max_lr: make a new CyclicLR`);
    }
    const { way, scale } = amplitudeAt(this.state, epoch);
    return base + ((max_lrs[index] as number) - base) * way * scale;
  }

  protected override momentumAt(epoch: number, index: number): number | undefined {
    if (!this.state.cycle_momentum) return undefined;
    const { way, scale } = amplitudeAt(this.state, epoch);
    const largest = this.state.max_momentums[index] as number;
    return largest - (largest - (this.state.base_momentums[index] as number)) * way * scale;
  }

  /** As of every schedule. A function is null. */
  override stateDict(): ScheduleStateDict {
    return { ...super.stateDict(), _scale_fn_custom: null };
  }

  override readState(saved: unknown): () => void {
    if (!isObject(saved)) return super.readState(saved);
    // A reference to a method, which PyTorch 1.13 saves.
    const { _scale_fn_ref: _, ...rest } = saved as ScheduleStateDict;
    return super.readState(Array.isArray(saved) ? saved : rest);
  }
}
