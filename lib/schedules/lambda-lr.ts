import { factorAt, lambdaKinds, readLambdas, type LambdaOptions, type Lambdas } from "./lambdas";
import { LRScheduler } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export type LambdaLROptions = LambdaOptions;

/**
 * Sets lr to a multiple of the initial one:
 *
 *     lr = lr₀·λ(e)
 *
 * The functions are not saved: a schedule that resumes is made with the same ones. A group that is added later keeps its lr.
 */
export class LambdaLR extends LRScheduler<Lambdas> {
  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    super(optimizer, lambdaKinds, readLambdas("LambdaLR", optimizer, options));
  }

  protected override lrAt(epoch: number, lr: number, base: number, index: number): number {
    const factor = factorAt(this.state, epoch, index);
    return factor === undefined ? lr : base * factor;
  }
}
