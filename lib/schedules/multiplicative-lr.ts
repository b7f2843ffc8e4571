import { factorAt, lambdaKinds, readLambdas, type LambdaOptions, type Lambdas } from "./lambdas";
import { LRScheduler } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export type MultiplicativeLROptions = LambdaOptions;

/**
 * Multiplies lr by a function of the epoch:
 *
 *     lr ← lr·λ(e)  in every epoch e > 0;  lr = lr₀·λ(1)·…·λ(e)
 *
 * The functions are not saved: a schedule that resumes is made with the same ones. A group that is added later keeps its lr. In a
 * SequentialLR it goes on from the lr that the schedule before it left, as in PyTorch.
 */
export class MultiplicativeLR extends LRScheduler<Lambdas> {
  constructor(optimizer: Scheduled, options: MultiplicativeLROptions) {
    super(optimizer, lambdaKinds, readLambdas("MultiplicativeLR", optimizer, options));
  }

  protected override lrAt(epoch: number, lr: number, _base: number, index: number): number {
    if (epoch === 0) return lr;
    const factor = factorAt(this.state, epoch, index);
    return factor === undefined ? lr : lr * factor;
  }

  // PyTorch has no closed form of it.
  protected override firstLr(_base: number, _index: number, lr: number): number {
    return lr;
  }
}
