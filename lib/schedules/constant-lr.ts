import { numberThat, whole, type Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface ConstantLROptions extends EpochOptions {
  /** What lr is multiplied by before epoch `total_iters`, in (0, 1]. Default 1/3. */
  factor?: number;
  /** The epoch from which lr is lr₀ again, ≥ 1. Default 5. */
  total_iters?: number;
}

interface Own {
  factor: number;
  total_iters: number;
}

const kinds: Kinds<Own> = {
  factor: numberThat(
    (value) => value > 0 && value <= 1,
    (_, value) => `Constant multiplicative factor expected to be greater than 0 and not greater than 1, got ${String(value)}.`,
  ),
  total_iters: whole(1),
};

/**
 * Makes lr smaller for the first T = `total_iters` epochs:
 *
 *     lr = lr₀·factor for e < T;  lr = lr₀ from T on
 *     chainable: lr ← lr·factor at e = 0;  lr ← lr·(1/factor) at e = T
 */
export class ConstantLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: ConstantLROptions = {}) {
    super(optimizer, kinds, readEpochOptions("ConstantLR", options, kinds, { factor: 1 / 3, total_iters: 5 }));
  }

  protected override lrAt(epoch: number, lr: number): number {
    const { factor, total_iters } = this.state;
    if (epoch === 0) return lr * factor;
    return epoch === total_iters ? lr * (1 / factor) : lr;
  }
}
