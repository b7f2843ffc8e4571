// Functions of the epoch as an option: one for all groups, or one for each. They are not saved.
import { describe, isArray, rangeError, typeError } from "../errors";
import type { Kind, Kinds } from "../options/kinds";
import { readEpochOptions, type EpochOptions } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";

export type LrLambda = (epoch: number) => number;

export interface LambdaOptions extends EpochOptions {
  /** The factor on lr in an epoch: one function for all groups, or one for each. */
  lr_lambda: LrLambda | readonly LrLambda[];
}

export interface Lambdas {
  lr_lambdas: readonly LrLambda[];
}

const lambda: Kind<LrLambda> = (value, key) => {
  if (typeof value === "function") return value as LrLambda;
  throw typeError("ERR_INVALID_OPTION", `${key} must be a function of the epoch, got ${describe(value)}`);
};

/** A saved list has null where there was a function: the present one stays. */
const savedLambdas: Kind<readonly LrLambda[]> = (value, key, last = []) => {
  if (isArray(value) && value.length === last.length && value.every((item) => item === null)) return last;
  throw typeError("ERR_INVALID_OPTION", `${key} must be an array of ${last.length} nulls, got ${describe(value)}`);
};

export const lambdaKinds: Kinds<Lambdas> = { lr_lambdas: savedLambdas };

/** Reads the options of `what`, a schedule with functions. */
export function readLambdas(what: string, optimizer: Scheduled, options: unknown): Lambdas & { last_epoch: number } {
  const given: Kind<readonly LrLambda[]> = (value, key) => {
    const count = groupsOf(optimizer).length;
    if (!isArray(value)) return Array.from({ length: count }, () => lambda(value, key));
    if (value.length !== count) {
      throw rangeError("ERR_INVALID_OPTION", `Expected ${count} lr_lambdas, but got ${value.length}`);
    }
    return Array.from(value, (item, index) => lambda(item, `${key}[${index}]`)); // which sees holes
  };
  const { lr_lambda, last_epoch } = readEpochOptions(what, options, { lr_lambda: given }, {});
  return { lr_lambdas: lr_lambda, last_epoch };
}

/** The factor of a group in an epoch; undefined for a group that was added later and has no function. */
export function factorAt({ lr_lambdas }: Lambdas, epoch: number, index: number): number | undefined {
  const factor: unknown = lr_lambdas[index]?.(epoch);
  if (typeof factor === "number" || index >= lr_lambdas.length) return factor as number | undefined;
  throw typeError("ERR_INVALID_OPTION", `lr_lambda must return a number, got ${describe(factor)} in epoch ${epoch}`);
}
