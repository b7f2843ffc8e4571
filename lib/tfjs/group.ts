// What schedules see of the optimizer: one group with an lr.
import { describe, typeError } from "../errors";

/** The one group of an `AdaBeliefOptimizer`, which schedules drive. */
export interface AdaBeliefGroup {
  /** The learning rate. */
  lr: number;
  /** beta1 and beta2. */
  betas: readonly number[];
  /** The lr that a schedule starts from; set by the first schedule. */
  initial_lr?: number;
}

type Betas = readonly [number, number];

/** Makes the group, whose options are the optimizer's own. */
export function makeGroup(optimizer: { learningRate: number }, read: () => Betas, write: (betas: Betas) => void): AdaBeliefGroup {
  return {
    get lr() {
      return optimizer.learningRate;
    },
    set lr(value) {
      optimizer.learningRate = value;
    },
    get betas() {
      return read();
    },
    set betas(value) {
      if (!Array.isArray(value) || value.length !== 2) {
        throw typeError("ERR_INVALID_OPTION", `betas must be an array of two numbers, got ${describe(value)}`);
      }
      write(value);
    },
  };
}
