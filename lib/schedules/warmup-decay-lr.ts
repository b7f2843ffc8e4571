import type { Kinds } from "../options";
import { finite, number, whole } from "./kinds";
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

interface Own {
  total_steps: number;
  warmup_proportion: number;
  min_lr: number;
}

const kinds: Kinds<Own> = {
  total_steps: whole(1),
  warmup_proportion: number(
    (value) => value >= 0 && value <= 1,
    (key, value) => `${key} must be a number from 0 to 1, got ${String(value)}`,
  ),
  min_lr: finite,
};

/**
 * Straight up to lr₀ and straight down to `min_lr`, as AdaBelief-TensorFlow 0.2.1 has it built in. Call `step` after each step of the
 * optimizer; t = e + 1 is the number of the optimizer's next step, W = total_steps·warmup_proportion, D = max(total_steps − W, 1):
 *
 *     lr = lr₀·t/W                                 for t ≤ W
 *     lr = lr₀ + (min_lr − lr₀)·min(t − W, D)/D    after that
 */
export class WarmupDecayLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: WarmupDecayLROptions) {
    super(optimizer, kinds, readEpochOptions("WarmupDecayLR", options, kinds, { warmup_proportion: 0.1, min_lr: 0 }));
  }

  protected override lrAt(epoch: number, _lr: number, base: number): number {
    const { total_steps, warmup_proportion, min_lr } = this.state;
    const t = epoch + 1;
    const warmup = total_steps * warmup_proportion;
    if (t <= warmup) return (base * t) / warmup;
    const decay = Math.max(total_steps - warmup, 1);
    return base + ((min_lr - base) * Math.min(t - warmup, decay)) / decay;
  }
}
