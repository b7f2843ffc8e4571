import { finite, type Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface ExponentialLROptions extends EpochOptions {
  /** The factor γ, ≥ 0. */
  gamma: number;
}

interface Own {
  gamma: number;
}

const kinds: Kinds<Own> = { gamma: finite };

/**
 * Decays lr every epoch:
 *
 *     lr ← lr·γ;  lr = lr₀·γ^e
 */
export class ExponentialLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: ExponentialLROptions) {
    super(optimizer, kinds, readEpochOptions("ExponentialLR", options, kinds, {}));
  }

  protected override lrAt(epoch: number, lr: number): number {
    return epoch === 0 ? lr : lr * this.state.gamma;
  }
}
