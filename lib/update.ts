import { chooseRule, type AdaBeliefOptions } from "./adabelief";
import { describe, rangeError } from "./errors";
import { Member } from "./member";
import { addon, role, statesOfVariants, type Table } from "./native";
import { readOptions, refuseUnknownKeys, requireObject } from "./options";
import type { Coefficients, Rule } from "./rule";
import { obstacleError, Work } from "./tensors";

/** The arrays of one update, all of one length. */
export interface UpdateArrays {
  /** The values. Updated in place unless there is `out`. */
  data: Float32Array;
  /** The gradient; only read. */
  grad: Float32Array;
  /** The running mean of the gradient, updated in place. Zeros before the first update. */
  exp_avg: Float32Array;
  /** The running variance around it, updated in place. Zeros before the first update. */
  exp_avg_var: Float32Array;
  /** The largest variance so far, updated in place. Needed with amsgrad. */
  max_exp_avg_var?: Float32Array;
  /** Where the updated values go; default: `data`. */
  out?: Float32Array;
  /** The number of this update, from 1: it decides the bias corrections. */
  step: number;
}

const arrayKeys = ["data", "grad", "exp_avg", "exp_avg_var", "max_exp_avg_var", "out", "step"];

/** A table of one row, kept for the next call: it holds pointers, and looks at none before they are bound anew. */
class Scratch<O extends object> {
  readonly table: Table;
  readonly work = new Work(1);
  readonly states: readonly number[];
  readonly coefficients: Coefficients<O>;

  constructor(readonly rule: Rule<O>) {
    this.table = new addon.Table(rule.formula);
    this.table.resize(1);
    this.table.setWork(this.work.setOfRow, this.work.variants, this.work.coefficients);
    this.states = statesOfVariants(rule.formula);
    this.coefficients = rule.coefficients();
  }
}

const scratches = new Map<object, Scratch<never>>();

function scratchOf<O extends object>(rule: Rule<O>): Scratch<O> {
  let scratch = scratches.get(rule) as Scratch<O> | undefined;
  if (scratch === undefined) scratches.set(rule, (scratch = new Scratch(rule)) as unknown as Scratch<never>);
  return scratch;
}

/**
 * The stateless kernel: one update of AdaBelief over arrays that the caller keeps, with the options and the bits of the class.
 *
 * @param request the arrays, `step`, and the options of `AdaBelief` (`version` among them) with its defaults
 * @throws with a `code`, and nothing written, where an array or option cannot be, or memory overlaps
 *
 * @example
 * update({ data, grad, exp_avg, exp_avg_var, step: 1, lr: 1e-3 });
 */
export function update(request: UpdateArrays & AdaBeliefOptions): void {
  requireObject(request, "The argument of update");
  const { data, grad, exp_avg, exp_avg_var, max_exp_avg_var, out, step, ...given } = request;
  const { rule, options } = chooseRule(given);
  refuseUnknownKeys(options, [...Object.keys(rule.kinds), ...arrayKeys], `update with version ${rule.version}`);
  const read = readOptions(rule.kinds, options, rule.defaults);
  if (!Number.isSafeInteger(step) || step < 1) {
    throw rangeError("ERR_INVALID_OPTION", `step must be a whole number from 1 on, got ${describe(step)}`);
  }

  const { table, work, states, coefficients } = scratchOf(rule);
  const member = new Member({ data, grad, ...(out === undefined ? {} : { out }) }, 0, rule.states);
  member.grad = grad;
  member.wanted = [exp_avg, exp_avg_var, max_exp_avg_var as Float32Array];
  // No foreign code runs from here on.
  const variant = coefficients(read, step, work.coefficients, 0);
  work.variants[0] = variant;
  const needed = states[variant] as number;
  if (grad === null) throw member.notFloats(grad, role.grad);
  if (needed > 0 && exp_avg === undefined) throw member.notFloats(exp_avg, role.state);
  if (needed > 1 && exp_avg_var === undefined) throw member.notFloats(exp_avg_var, role.state + 1);
  if (needed > 2 && max_exp_avg_var === undefined) throw member.notFloats(max_exp_avg_var, role.state + 2);
  const maximum = needed > 2 ? max_exp_avg_var : undefined;
  const status = table.bind(0, member.length, member.data, member.out, grad, exp_avg, exp_avg_var, maximum);
  if (status !== 0) throw member.refusal(status);
  const obstacle = table.step(1);
  if (obstacle) throw obstacleError(obstacle, [member]);
}
