import { describe, isObject, rangeError, typeError } from "../errors";
import { finite, whole, type Kind, type Kinds } from "../options/kinds";
import { makePower } from "../optimizers/exact-power";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface MultiStepLROptions extends EpochOptions {
  /** The epochs at which lr decays, in any order; one that is named twice decays twice. */
  milestones: readonly number[];
  /** The factor γ, ≥ 0. Default 0.1. */
  gamma?: number;
}

interface Own {
  milestones: Readonly<Record<string, number>>;
  gamma: number;
}

/** How often each epoch is named: PyTorch's `Counter`, from a list of epochs or from a saved one. */
const counter: Kind<Own["milestones"]> = (value, key) => {
  if (!isObject(value)) {
    throw typeError("ERR_INVALID_OPTION", `${key} must be an array of epochs, got ${describe(value)}`);
  }
  const counts: Record<string, number> = {};
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const epoch = whole(0)(item, `${key}[${index}]`);
      counts[epoch] = (counts[epoch] ?? 0) + 1;
    }
    return counts;
  }
  for (const [epoch, count] of Object.entries(value)) {
    if (!/^\d+$/.test(epoch)) throw rangeError("ERR_INVALID_OPTION", `${key} must name epochs, got ${describe(epoch)}`);
    counts[epoch] = whole(1)(count, `${key}[${epoch}]`);
  }
  return counts;
};

const kinds: Kinds<Own> = { milestones: counter, gamma: finite };

/**
 * Decays lr at the milestones:
 *
 *     lr ← lr·γ  in every epoch that is a milestone;  lr = lr₀·γ^(milestones ≤ e)
 */
export class MultiStepLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: MultiStepLROptions) {
    super(optimizer, kinds, readEpochOptions("MultiStepLR", options, kinds, { gamma: 0.1 }));
  }

  protected override lrAt(epoch: number, lr: number): number {
    const { milestones, gamma } = this.state;
    const count = milestones[epoch];
    return count === undefined ? lr : lr * makePower()(gamma, count);
  }
}
