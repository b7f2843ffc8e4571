import type { CudaArray } from "../cuda/array";
import { requireStream } from "../cuda/driver";
import { describe, rangeError, typeError } from "../errors";
import { isHalves, type Floats } from "../arrays/placement";
import { addon, host, role, statesOfVariants, type Table } from "../native/engine";
import type { AdaBeliefOptions } from "../optimizers/adabelief-options";
import { chooseRule } from "../optimizers/adabelief-rules";
import { groupKeys } from "../groups/group";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Rule, Step } from "../rule/rule";
import { readSchema } from "../options/schema";
import { notFloats, obstacleError, refusal } from "./memory-checks";
import { bindRow } from "./parameter-table";
import { arrayOf } from "./plan-arrays";
import { StepPlan } from "./step-plan";
import { TrackedParameter, type Shared } from "./tracked-parameter";

/** The arrays of one update, all of one length and in one place: on the host, or on one device. */
export interface UpdateArrays<A extends Floats = Float32Array> {
  /** The values. Updated in place unless there is `out`. */
  data: A;
  /** The gradient; only read. */
  grad: A;
  /** The running mean of the gradient, updated in place. Zeros before the first update. */
  exp_avg: A;
  /** The running variance around it, updated in place. Zeros before the first update. */
  exp_avg_var: A;
  /** The largest variance so far, updated in place. Needed with amsgrad. */
  max_exp_avg_var?: A;
  /** Where the updated values go; default: `data`. */
  out?: A;
  /** The shape of the tensor, for `centralize`. */
  shape?: readonly number[];
  /** The number of this update, from 1: it decides the bias corrections. */
  step: number;
  /** For arrays on a device: the stream in whose order the update happens. Default 0n, the legacy default stream. */
  stream?: bigint;
}

const arrayKeys = ["data", "grad", "exp_avg", "exp_avg_var", "max_exp_avg_var", "out", "shape", "step", "stream"];

/** There are neither counts nor state here. */
const nothingShared: Shared = { counts: { of: () => 0, put: () => undefined }, retained: { giveBack: () => undefined } };

const scratchParameter = new TrackedParameter({ data: new Float32Array(0) }, 0, [], nothingShared);

/** Leaves out what `...parameter` and `...group` bring along. */
function withoutGroupKeys(given: object): object {
  if (!groupKeys.some((key) => key in given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([key]) => !groupKeys.includes(key)));
}

/** A table of one row, kept for the next call: it holds pointers, and looks at none before they are bound anew. */
class Scratch<O extends object> {
  readonly table: Table;
  readonly plan = new StepPlan([scratchParameter]);
  readonly states: readonly number[];
  readonly step: Step<O>;

  constructor(readonly rule: Rule<O>) {
    this.table = new addon.Table(rule.formula);
    this.table.resize(1);
    this.plan.request.give(this.table);
    this.states = statesOfVariants(rule.formula);
    this.step = rule.makeStep();
  }
}

const scratches = new Map<object, Scratch<never>>();

function scratchOf<O extends object>(rule: Rule<O>): Scratch<O> {
  let scratch = scratches.get(rule) as Scratch<O> | undefined;
  if (scratch === undefined) scratches.set(rule, (scratch = new Scratch(rule)) as unknown as Scratch<never>);
  return scratch;
}

/**
 * One stateless update of AdaBelief over arrays that the caller keeps, with the options and the bits of the class. On a device the
 * update is launched and not waited for.
 *
 * @param request the arrays, `step`, and the options of `AdaBelief` (including `version`) with its defaults
 * @throws a coded error for an invalid array or option, or for overlapping memory; nothing is written then
 *
 * @example
 * update({ data, grad, exp_avg, exp_avg_var, step: 1, lr: 1e-3 });
 */
export function update(request: UpdateArrays & AdaBeliefOptions): void;
// eslint-disable-next-line @typescript-eslint/unified-signatures -- as one union the compiler gives up on a `version` that varies
export function update(request: UpdateArrays<CudaArray> & AdaBeliefOptions): void;
export function update(request: UpdateArrays<Floats> & AdaBeliefOptions): void {
  requireObject(request, "The argument of update");
  const { data, grad, exp_avg, exp_avg_var, max_exp_avg_var, out, shape, step, stream = 0n, ...given } = request;
  const { rule, options } = chooseRule(withoutGroupKeys(given));
  refuseUnknownKeys(options, [...Object.keys(rule.options), ...arrayKeys], `update with version ${rule.version ?? ""}`);
  const read = readSchema(rule.options, options, rule.defaults);
  if (read.lookahead !== null) {
    throw typeError("ERR_INVALID_OPTION", "update keeps no slow weights: lookahead is an option of the class");
  }
  if (read.capturable) {
    throw typeError("ERR_INVALID_OPTION", "update keeps no count of its steps: capturable is an option of the class");
  }
  if (read.ema !== null) throw typeError("ERR_INVALID_OPTION", "update keeps no average: ema is an option of the class");
  if (read.state_dtype !== "float32") {
    throw typeError("ERR_INVALID_OPTION", "update takes float32 state: state_dtype is an option of the class");
  }
  if (read.sparse_step !== "parameter") {
    throw typeError("ERR_INVALID_OPTION", "update is of all rows, with one count: sparse_step is an option of the class");
  }
  if (!Number.isSafeInteger(step) || step < 1) {
    throw rangeError("ERR_INVALID_OPTION", `step must be a whole number from 1 on, got ${describe(step)}`);
  }
  requireStream(stream);

  const { table, plan, states: statesOf, step: write } = scratchOf(rule);
  const parameter = { data, grad, ...(out === undefined ? {} : { out }), ...(shape === undefined ? {} : { shape }) };
  const tracked = new TrackedParameter(parameter, 0, rule.states, nothingShared);
  // No foreign code runs from here on.
  plan.request.begin({});
  const set = plan.request.add(rule, write, read, {
    t: step,
    fresh: false,
    lookahead: null,
    begins: false,
    ema: null,
    beginsEma: false,
  });
  plan.request.setOfRow[0] = set;
  const needed = statesOf[plan.request.variants[set] as number] as number;
  if (grad === null) throw notFloats(tracked, grad, role.grad);
  const states = [exp_avg, exp_avg_var, max_exp_avg_var].slice(0, Math.max(needed, 2));
  states.forEach((state: Floats | null | undefined, k) => {
    if (state === undefined || state === null || isHalves(state)) throw notFloats(tracked, state, role.state + k);
  });
  try {
    plan.data[0] = data;
    plan.out[0] = out ?? data;
    plan.grad[0] = grad;
    plan.states[0] = states as Floats[];
    table.shape(0, tracked.dimensions, tracked.first);
    const refused = bindRow(table, plan, tracked);
    if (refused !== null) throw refusal(tracked, arrayOf(plan, 0, refused.role), refused.problem, refused.role);
    if (tracked.place !== host) table.setStream(stream);
    else if (stream !== 0n) throw rangeError("ERR_CUDA_STREAM", "stream: the arrays do not lie on a device");
    const obstacle = table.step(1);
    if (obstacle) throw obstacleError(obstacle, [tracked]);
  } finally {
    plan.letGo(0);
  }
}
