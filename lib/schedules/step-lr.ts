import { finite, whole, type Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface StepLROptions extends EpochOptions {
  /** Epochs from one decay to the next. */
  step_size: number;
  /** The factor γ, ≥ 0. Default 0.1. */
  gamma?: number;
}

interface Own {
  step_size: number;
  gamma: number;
}

const kinds: Kinds<Own> = { step_size: whole(1), gamma: finite };

/**
 * Decays lr every `step_size` epochs:
 *
 *     lr ← lr·γ  in the epochs e > 0 that step_size divides;  lr = lr₀·γ^⌊e/step_size⌋
 */
export class StepLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: StepLROptions) {
    super(optimizer, kinds, readEpochOptions("StepLR", options, kinds, { gamma: 0.1 }));
  }

  protected override lrAt(epoch: number, lr: number): number {
    const { step_size, gamma } = this.state;
    return epoch === 0 || epoch % step_size !== 0 ? lr : lr * gamma;
  }
}
