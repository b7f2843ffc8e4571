import { numberThat, whole, type Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface LinearLROptions extends EpochOptions {
  /** What lr is multiplied by in epoch 0, in (0, 1]. Default 1/3. */
  start_factor?: number;
  /** What it is multiplied by from epoch `total_iters` on, in [0, 1]. Default 1. */
  end_factor?: number;
  /** How many epochs it takes from the one to the other. Default 5. */
  total_iters?: number;
}

interface Own {
  start_factor: number;
  end_factor: number;
  total_iters: number;
}

const kinds: Kinds<Own> = {
  start_factor: numberThat(
    (value) => value > 0 && value <= 1,
    () => "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
  ),
  end_factor: numberThat(
    (value) => value >= 0 && value <= 1,
    () => "Ending multiplicative factor expected to be between 0 and 1.",
  ),
  total_iters: whole(1),
};

/**
 * Moves a factor on lr along a straight line, from a = `start_factor` to b = `end_factor` in T = `total_iters` epochs:
 *
 *     lr = lr₀·(a + (b − a)·min(e, T)/T)
 *     chainable: lr ← lr·a at e = 0;  lr ← lr·(1 + (b − a)/(T·a + (e−1)·(b − a))) for 0 < e ≤ T
 */
export class LinearLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: LinearLROptions = {}) {
    super(optimizer, kinds, readEpochOptions("LinearLR", options, kinds, { start_factor: 1 / 3, end_factor: 1, total_iters: 5 }));
  }

  protected override lrAt(epoch: number, lr: number): number {
    const { start_factor, end_factor, total_iters } = this.state;
    if (epoch === 0) return lr * start_factor;
    if (epoch > total_iters) return lr;
    const slope = end_factor - start_factor;
    return lr * (1 + slope / (total_iters * start_factor + (epoch - 1) * slope));
  }
}
