import { chooseRule } from "./optimizers/adabelief-rules";
import type { AdaBeliefOptions } from "./optimizers/adabelief-options";
import type { CudaArray } from "./cuda/array";
import { requireStream } from "./cuda/driver";
import { describe, rangeError } from "./errors";
import type { Floats } from "./floats";
import { Member } from "./member";
import { addon, host, role, statesOfVariants, type Table } from "./native";
import { Work } from "./work";
import { refuseUnknownKeys, requireObject } from "./options";
import { readSchema, type Rule, type Step } from "./rule";
import { bindRow, obstacleError } from "./tensors";

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

/** A table of one row, kept for the next call: it holds pointers, and looks at none before they are bound anew. */
class Scratch<O extends object> {
  readonly table: Table;
  readonly work = new Work(1);
  readonly states: readonly number[];
  readonly step: Step<O>;

  constructor(readonly rule: Rule<O>) {
    this.table = new addon.Table(rule.formula);
    this.table.resize(1);
    this.work.give(this.table);
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
 * The stateless kernel: one update of AdaBelief over arrays that the caller keeps, with the options and the bits of the class. On
 * a device it is launched, and not waited for.
 *
 * @param request the arrays, `step`, and the options of `AdaBelief` (`version` among them) with its defaults
 * @throws with a `code`, and nothing written, where an array or option cannot be, or memory overlaps
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
  const { rule, options } = chooseRule(given);
  refuseUnknownKeys(options, [...Object.keys(rule.options), ...arrayKeys], `update with version ${rule.version ?? ""}`);
  const read = readSchema(rule.options, options, rule.defaults);
  if (!Number.isSafeInteger(step) || step < 1) {
    throw rangeError("ERR_INVALID_OPTION", `step must be a whole number from 1 on, got ${describe(step)}`);
  }
  requireStream(stream);

  const { table, work, states, step: write } = scratchOf(rule);
  const parameter = { data, grad, ...(out === undefined ? {} : { out }), ...(shape === undefined ? {} : { shape }) };
  const member = new Member(parameter, 0, rule.states);
  member.grad = grad;
  // No foreign code runs from here on.
  work.begin();
  const set = work.add(rule, write, read, { t: step, fresh: false, lookahead: null, begins: false });
  const needed = states[work.variants[set] as number] as number;
  if (grad === null) throw member.notFloats(grad, role.grad);
  const arrays = needed > 2 ? [exp_avg, exp_avg_var, max_exp_avg_var as Floats] : [exp_avg, exp_avg_var];
  for (let k = 0; k < needed; ++k) {
    const state = arrays[k] as Floats | null | undefined;
    if (state === undefined || state === null) throw member.notFloats(state, role.state + k);
  }
  member.wanted = arrays;
  table.shape(0, member.dimensions, member.first);
  const refused = bindRow(table, member, grad, member.wanted, null);
  if (refused !== null) throw member.refusal(refused.problem, refused.role);
  if (member.place !== host) table.setStream(stream);
  else if (stream !== 0n) throw rangeError("ERR_CUDA_STREAM", "stream: the arrays do not lie on a device");
  const obstacle = table.step(1);
  if (obstacle) throw obstacleError(obstacle, [member]);
}
