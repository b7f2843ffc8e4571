import { finite, whole, type Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";
import { pow } from "./pow";

export interface PolynomialLROptions extends EpochOptions {
  /** How many epochs it takes to 0, ≥ 1. Default 5. */
  total_iters?: number;
  /** The exponent, ≥ 0. Default 1: a straight line. */
  power?: number;
}

interface Own {
  total_iters: number;
  power: number;
}

const kinds: Kinds<Own> = { total_iters: whole(1), power: finite };

/**
 * Lets lr fall to 0 in T = `total_iters` epochs:
 *
 *     lr = lr₀·(1 − min(e, T)/T)^power
 *     chainable: lr ← lr·((1 − e/T)/(1 − (e−1)/T))^power for 0 < e ≤ T
 */
export class PolynomialLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: PolynomialLROptions = {}) {
    super(optimizer, kinds, readEpochOptions("PolynomialLR", options, kinds, { total_iters: 5, power: 1 }));
  }

  protected override lrAt(epoch: number, lr: number): number {
    const { total_iters, power } = this.state;
    if (epoch === 0 || epoch > total_iters) return lr;
    return lr * pow((1 - epoch / total_iters) / (1 - (epoch - 1) / total_iters), power);
  }
}
