import { finite, proportion, whole, type Kinds } from "../options/kinds";
import { warmedUp, type Warmup } from "../optimizers/warmup";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface WarmupDecayLROptions extends EpochOptions {
  /** All steps of the training. */
  total_steps: number;
  /** Which part of them is the warm-up, in [0, 1]. Default 0.1. */
  warmup_proportion?: number;
  /** Where lr ends, ≥ 0. Default 0. */
  min_lr?: number;
}

const kinds: Kinds<Warmup> = {
  total_steps: whole(1),
  warmup_proportion: proportion,
  min_lr: finite,
};

/**
 * Straight up to lr₀ and straight down to `min_lr`, as AdaBelief-TensorFlow 0.2.1 has it built in. Call `step` after each step of the
 * optimizer; t = e + 1 is the number of the optimizer's next step, W = total_steps·warmup_proportion, D = max(total_steps − W, 1):
 *
 *     lr = lr₀·t/W                                 for t ≤ W
 *     lr = lr₀ + (min_lr − lr₀)·min(t − W, D)/D    after that
 */
export class WarmupDecayLR extends LRScheduler<Warmup> {
  constructor(optimizer: Scheduled, options: WarmupDecayLROptions) {
    super(optimizer, kinds, readEpochOptions("WarmupDecayLR", options, kinds, { warmup_proportion: 0.1, min_lr: 0 }));
  }

  protected override lrAt(epoch: number, _lr: number, base: number): number {
    return warmedUp(base, this.state, epoch + 1);
  }
}
