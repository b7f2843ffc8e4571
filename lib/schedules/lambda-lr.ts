import { describe, rangeError, typeError } from "../errors";
import type { Kind, Kinds } from "../options/kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";

/** A factor of the learning rate, by epoch. */
export type LrLambda = (epoch: number) => number;

export interface LambdaLROptions extends EpochOptions {
  /** The factor on lr in an epoch: one function for all groups, or one for each. */
  lr_lambda: LrLambda | readonly LrLambda[];
}

interface Own {
  lr_lambdas: readonly LrLambda[];
}

const lambda: Kind<LrLambda> = (value, key) => {
  if (typeof value === "function") return value as LrLambda;
  throw typeError("ERR_INVALID_OPTION", `${key} must be a function of the epoch, got ${describe(value)}`);
};

/** A saved list has null where there was a function: the present one stays. */
const savedLambdas: Kind<readonly LrLambda[]> = (value, key, last = []) => {
  if (Array.isArray(value) && value.length === last.length && value.every((item) => item === null)) return last;
  throw typeError("ERR_INVALID_OPTION", `${key} must be an array of ${last.length} nulls, got ${describe(value)}`);
};

const kinds: Kinds<Own> = { lr_lambdas: savedLambdas };

function readLambdas(optimizer: Scheduled, options: unknown): Own & { last_epoch: number } {
  const given: Kind<readonly LrLambda[]> = (value, key) => {
    const count = groupsOf(optimizer).length;
    if (!Array.isArray(value)) return Array.from({ length: count }, () => lambda(value, key));
    if (value.length !== count) {
      throw rangeError("ERR_INVALID_OPTION", `Expected ${count} lr_lambdas, but got ${value.length}`);
    }
    return value.map((item, index) => lambda(item, `${key}[${index}]`));
  };
  const { lr_lambda, last_epoch } = readEpochOptions("LambdaLR", options, { lr_lambda: given }, {});
  return { lr_lambdas: lr_lambda, last_epoch };
}

/**
 * Sets lr to a multiple of the initial one:
 *
 *     lr = lr₀·λ(e)
 *
 * The functions are not saved: a schedule that resumes is made with the same ones. A group that is added later keeps its lr.
 */
export class LambdaLR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: LambdaLROptions) {
    super(optimizer, kinds, readLambdas(optimizer, options));
  }

  protected override lrAt(epoch: number, lr: number, base: number, index: number): number {
    const factor: unknown = this.state.lr_lambdas[index]?.(epoch);
    if (typeof factor === "number") return base * factor;
    if (index >= this.state.lr_lambdas.length) return lr;
    throw typeError("ERR_INVALID_OPTION", `lr_lambda must return a number, got ${describe(factor)} in epoch ${epoch}`);
  }
}
