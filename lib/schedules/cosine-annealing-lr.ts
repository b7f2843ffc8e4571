import { finite, whole, type Kinds } from "../options/kinds";
import { cos } from "./cos";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface CosineAnnealingLROptions extends EpochOptions {
  /** Epochs from the largest lr to the smallest: half a period. */
  T_max: number;
  /** The smallest lr, ≥ 0. Default 0. */
  eta_min?: number;
}

interface Own {
  T_max: number;
  eta_min: number;
}

const kinds: Kinds<Own> = { T_max: whole(1), eta_min: finite };

/**
 * Lets lr fall to η = `eta_min` along a cosine in T = `T_max` epochs, and rise again after that (Loshchilov and Hutter, SGDR):
 *
 *     lr = η + (lr₀ − η)·(1 + cos(π·e/T))/2
 *     chainable: lr ← (1 + cos(π·e/T))/(1 + cos(π·(e−1)/T))·(lr − η) + η,
 *                lr ← lr + (lr₀ − η)·(1 − cos(π/T))/2 in the epoch after each minimum
 */
export class CosineAnnealingLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: CosineAnnealingLROptions) {
    super(optimizer, kinds, readEpochOptions("CosineAnnealingLR", options, kinds, { eta_min: 0 }));
  }

  protected override lrAt(epoch: number, lr: number, base: number): number {
    const { T_max, eta_min, _step_count } = this.state;
    const raised = (at: number) => 1 + cos((Math.PI * at) / T_max);
    if (epoch === 0) return lr;
    // Resumed by last_epoch: what the group has is of no epoch that is known.
    if (_step_count === 0) return eta_min + ((base - eta_min) * raised(epoch)) / 2;
    if ((epoch - 1 - T_max) % (2 * T_max) === 0) return lr + ((base - eta_min) * (1 - cos(Math.PI / T_max))) / 2;
    return (raised(epoch) / raised(epoch - 1)) * (lr - eta_min) + eta_min;
  }

  // Not quite `base`: PyTorch's closed form rounds here.
  protected override firstLr(base: number): number {
    return this.state.eta_min + (base - this.state.eta_min);
  }
}
