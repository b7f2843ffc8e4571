import { isCudaArray } from "../cuda/array";
import { publicDefaults, readLookahead, type StateDtype } from "../options/common";
import { describe, plainError, rangeError, typeError } from "../errors";
import { dtypeOf, type Floats, type StateArray } from "../arrays/placement";
import { Group, type ParamGroup, type Params } from "../groups/group";
import { canWrite } from "../groups/live-group";
import { addon } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Parameter } from "../parameter";
import { readGroup, readParams, type ReadGroup } from "../groups/read-groups";
import { titleOf, type Rule } from "../rule/rule";
import { readSchema } from "../options/schema";
import type { Loaded } from "../state-dict";
import { Steps } from "../step/steps";
import { bufferKeys, copyOfCounts, rowStepsName, type TrackedParameter } from "../step/tracked-parameter";

/** Bit patterns are no numbers: nobody gets them who did not ask for them. */
function requireAskedFor({ label, states }: TrackedParameter, dtype: StateDtype): void {
  const own = states.length === 0 ? dtype : dtypeOf(states[0] as StateArray);
  if (dtype === own) return;
  const advice = own === "bfloat16" ? 'ask for it: state.get(parameter, "bfloat16"), and convert it with fromBFloat16' : "";
  throw typeError("ERR_DTYPE", `${label} has ${own} state, not ${describe(dtype)}${advice && `; ${advice}`}`);
}

/** What an optimizer owns: groups of parameters with their options, the state of each parameter, and the steps over them. */
export class ParameterGroups<O extends object> {
  readonly steps: Steps<O>;
  readonly groups: Group<O>[] = [];
  #live: readonly ParamGroup<O>[] | undefined;
  readonly #trackedOf = new Map<Parameter<Floats>, TrackedParameter>();
  #defaults: O;

  constructor(
    readonly rule: Rule<O>,
    params: Params<Partial<O>>,
    options: object,
  ) {
    requireObject(options, `The options of ${rule.optimizer}`);
    refuseUnknownKeys(options, Object.keys(rule.options), titleOf(rule));
    this.#defaults = readSchema(rule.options, options, rule.defaults as O);
    this.steps = new Steps(rule);
    const groups = readParams(rule, params, this.#defaults);
    if (groups.length === 0 || groups.every((group) => group.params.length === 0)) {
      throw rangeError("ERR_EMPTY_PARAMETERS", "optimizer got an empty parameter list");
    }
    this.#join(groups);
  }

  /** The groups as a caller sees them: a frozen array, and another one after a group was added. */
  get live(): readonly ParamGroup<O>[] {
    return (this.#live ??= Object.freeze(this.groups.map((group) => group.live)));
  }

  /** The options of groups that set none of their own. */
  get defaults(): Readonly<O> {
    return publicDefaults(this.#defaults);
  }

  /** Adds a group that a caller wrote. */
  add(group: object): void {
    this.#join([readGroup(this.rule, group, this.#defaults)]);
  }

  /** Forgets all state. */
  reset(): void {
    for (const tracked of this.steps.parameters) this.steps.setState(tracked);
  }

  /** Takes over what was loaded. */
  take({ groups, states }: Loaded<O>): void {
    for (const { group, options, extras } of groups) group.load(options, extras);
    for (const { tracked, steps, arrays, buffers, rowSteps, noiseId } of states) {
      this.steps.setState(tracked, steps, arrays, buffers, true, rowSteps, noiseId);
    }
    for (const { group } of groups) group.advise();
  }

  /** Puts Lookahead around all groups, those of later as well. */
  lookAhead(options: object): void {
    const lookahead = readLookahead(options);
    const before = (options: object) => (options as { lookahead?: unknown }).lookahead ?? null;
    if (this.rule.lookahead !== undefined || [this.#defaults, ...this.live].some((options) => before(options) !== null)) {
      throw typeError("ERR_INVALID_OPTION", `${this.rule.optimizer} has Lookahead already`);
    }
    const frozen = this.live.findIndex((group) => !canWrite(group, "lookahead"));
    if (frozen >= 0) throw typeError("ERR_INVALID_OPTION", `Param group ${frozen} is frozen: it cannot have Lookahead`);
    for (const group of this.live) Object.assign(group, { lookahead });
    this.#defaults = { ...this.#defaults, lookahead };
  }

  /** The state of a parameter; undefined before its first update. The caller can keep the arrays, so they count as exposed. */
  stateOf(parameter: Parameter<Floats>, dtype: StateDtype = "float32"): object | undefined {
    const tracked = this.#trackedOf.get(parameter);
    if (tracked === undefined || tracked.kept === 0) return undefined;
    requireAskedFor(tracked, dtype);
    this.steps.expose(tracked);
    const { states, slow, ema, steps, stateNames, rowSteps } = tracked;
    for (const array of [...states, slow, ema]) if (array !== null && !isCudaArray(array)) addon.keep?.(array);
    const arrays = Object.fromEntries(states.map((array, k) => [stateNames[k], array])) as object;
    const buffers = { ...(slow === null ? {} : { [bufferKeys.slow]: slow }), ...(ema === null ? {} : { [bufferKeys.ema]: ema }) };
    const counts = rowSteps === null ? {} : { [rowStepsName]: copyOfCounts(rowSteps) };
    return Object.freeze({ step: steps, ...arrays, ...buffers, ...counts });
  }

  /** Lets go of everything. */
  clear(): void {
    this.groups.length = 0;
    this.#live = undefined;
    this.#trackedOf.clear();
    this.steps.clear();
  }

  #join(given: readonly ReadGroup<O>[]): void {
    const added = new Map<Parameter<Floats>, TrackedParameter>();
    const groups = given.map(({ params, options, extras }) => {
      const tracked = params.map((parameter) => this.#track(parameter as Parameter<Floats>, added));
      return new Group(this.rule, tracked, options, extras);
    });
    this.steps.add([...added.values()]);
    for (const [parameter, tracked] of added) this.#trackedOf.set(parameter, tracked);
    for (const group of groups) this.groups.push(group);
    this.#live = undefined;
  }

  #track(parameter: Parameter<Floats>, added: Map<Parameter<Floats>, TrackedParameter>): TrackedParameter {
    if (this.#trackedOf.has(parameter) || added.has(parameter)) {
      const advice = "tied weights are one parameter, to be given once, whose gradient is the sum of both uses";
      const index = this.steps.parameters.length + added.size;
      throw plainError("ERR_DUPLICATE_PARAMETER", `Parameter ${index} appears more than once: ${advice}`);
    }
    const tracked = this.steps.track(parameter, added.size);
    added.set(parameter, tracked);
    return tracked;
  }
}
