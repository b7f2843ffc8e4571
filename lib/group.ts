import { describe, typeError } from "./errors";
import type { Member } from "./member";
import { readOptions, refuseUnknownKeys, requireObject, type Kind } from "./options";
import type { Floats } from "./floats";
import type { AnyParameter, Parameter } from "./parameter";
import { titleOf, type Coefficients, type LookaheadOptions, type Rule } from "./rule";
import type { Work } from "./work";
import { addon, statesOfVariants } from "./native";

/** What a constructor takes: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<AnyParameter> | Iterable<GroupOf<O>>;

/** A group as a caller writes it. Options that it lacks are the optimizer's defaults. */
export type GroupOf<O> = O & { params: AnyParameter | Iterable<AnyParameter>; name?: string; initial_lr?: number };

/** A group as an optimizer shows it. Its options are live: the next step uses what they are then. */
export type ParamGroup<O> = O & { readonly params: readonly Parameter<Floats>[]; name?: string; initial_lr?: number };

/** What a group may hold beside its options. */
const groupKeys = ["params", "name", "initial_lr"];

/** Every key that a group may have. */
export const knownKeys = <O extends object>({ kinds }: Rule<O>): string[] => [...Object.keys(kinds), ...groupKeys];

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; ++i) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** One group of parameters: the caller's live view of it, and the options as the last step read them. */
export class Group<O extends object> {
  readonly live: ParamGroup<O>;
  readonly #keys: readonly (keyof O & string)[];
  readonly #known: readonly string[];
  readonly #coefficients: Coefficients<O>;
  #options: O;
  #liveKeys: readonly string[];
  /** Lookahead at this step. */
  lookahead: LookaheadOptions | null = null;
  // The sets of coefficients of this step, by key: one, unless the parameters have missed different steps.
  #lastKey = 0;
  #lastSet = 0;
  readonly #setOfKey = new Map<number, number>();

  constructor(
    readonly rule: Rule<O>,
    readonly members: readonly Member[],
    given: O,
    { name, initial_lr }: { name?: unknown; initial_lr?: unknown },
    /** Lookahead that was put around the optimizer. */
    public attached: LookaheadOptions | null,
  ) {
    this.#keys = Object.keys(rule.kinds) as (keyof O & string)[];
    this.#known = knownKeys(rule);
    this.#coefficients = rule.coefficients();
    const options = rule.begin?.(given) ?? given;
    this.#options = options;
    rule.check?.(options);
    rule.advise?.(options);
    const params = Object.freeze(members.map((member) => member.parameter));
    const live = {
      params,
      ...options,
      ...(name === undefined ? {} : { name }),
      ...(initial_lr === undefined ? {} : { initial_lr }),
    };
    this.live = Object.defineProperty(live, "params", { writable: false, configurable: false }) as unknown as ParamGroup<O>;
    this.#liveKeys = Object.keys(live);
  }

  get options(): O {
    return this.#options;
  }

  /** Reads the live options again; throws where one of them cannot be. Accessors may run foreign code here. */
  read(): void {
    const live = this.live as O;
    if (!this.rule.same(live, this.#options)) this.#readChanged(live);
    const keys = Object.keys(live);
    if (sameKeys(keys, this.#liveKeys)) return;
    refuseUnknownKeys(live, this.#known, "A param group");
    this.#liveKeys = keys;
  }

  #readChanged(live: O): void {
    const options = { ...this.#options };
    for (const key of this.#keys) {
      if (live[key] === undefined && !(key in options)) continue; // an option without a default
      options[key] = (this.rule.kinds[key] as Kind<unknown>)(live[key], key, this.#options[key]) as O[typeof key];
    }
    if (this.rule.same(options, this.#options)) return;
    this.rule.check?.(options);
    this.#options = options;
    this.rule.advise?.(options);
  }

  /** Whether `load` can write them all: a caller may have frozen the group, or put accessors into it. */
  get writable(): boolean {
    const isPlain = (key: string) => Object.getOwnPropertyDescriptor(this.live, key)?.writable === true;
    return Object.isExtensible(this.live) && this.#keys.every((key) => isPlain(key) || !(key in this.#options));
  }

  /** Replaces the options, and what else a saved group holds. */
  load(options: O, initial_lr: unknown): void {
    Object.assign(this.live, options, initial_lr === undefined ? {} : { initial_lr });
    this.#options = options;
    this.#liveKeys = Object.keys(this.live);
    this.rule.advise?.(options);
  }

  /** How many state arrays a parameter needs under these options. */
  stateCount(options: O): number {
    const variant = this.rule.coefficients()(options, 1, new Float32Array(addon.maxCoefficients), 0, true);
    return statesOfVariants(this.rule.formula)[variant] as number;
  }

  beginStep(): void {
    this.#lastKey = 0;
    if (this.#setOfKey.size > 0) this.#setOfKey.clear();
    const { rule, attached } = this;
    this.lookahead = rule.lookahead === undefined ? attached : rule.lookahead(this.#options);
  }

  /** The index of this group's coefficients for a member's next update, computed once a step. */
  set({ t, states, slow }: Member, work: Work): number {
    const fresh = states.length === 0;
    const key = t * 4 + (fresh ? 2 : 0) + (slow === null ? 1 : 0);
    if (key === this.#lastKey) return this.#lastSet;
    let set = this.#setOfKey.get(key);
    if (set === undefined) {
      const { lookahead } = this;
      set = work.add(this.rule, this.#coefficients, this.#options, { t, fresh, lookahead, begins: slow === null });
      if (this.#lastKey !== 0) this.#setOfKey.set(this.#lastKey, this.#lastSet).set(key, set);
    }
    this.#lastKey = key;
    this.#lastSet = set;
    return set;
  }
}

/** A group as given, checked as far as it can be without looking at its parameters. */
export interface ReadGroup<O> {
  params: unknown[];
  options: O;
  extra: { name?: unknown; initial_lr?: unknown };
}

/** Reads one group that a caller wrote. */
export function readGroup<O extends object>(rule: Rule<O>, given: unknown, defaults: O): ReadGroup<O> {
  requireObject(given, "A param group");
  refuseUnknownKeys(given, [...knownKeys(rule), "version"], `A param group of ${titleOf(rule)}`);
  const { params, name, initial_lr, version = rule.version } = given;
  if (version !== rule.version) {
    const wanted = `the optimizer's is ${rule.version ?? "none"}, the group's ${describe(version)}`;
    throw typeError("ERR_INVALID_OPTION", `version belongs to the optimizer, not to a group: ${wanted}`);
  }
  if (name !== undefined && typeof name !== "string") {
    throw typeError("ERR_INVALID_OPTION", `The name of a param group must be a string, got ${describe(name)}`);
  }
  if (initial_lr !== undefined && typeof initial_lr !== "number") {
    throw typeError("ERR_INVALID_OPTION", `The initial_lr of a param group must be a number, got ${describe(initial_lr)}`);
  }
  if (typeof params !== "object" || params === null) {
    throw typeError("ERR_INVALID_PARAMETER", `params must be parameters, got ${describe(params)}`);
  }
  const list = Symbol.iterator in params && !ArrayBuffer.isView(params) ? listOf(params as Iterable<unknown>) : [params];
  return { params: list, options: readOptions(rule.kinds, given, defaults), extra: { name, initial_lr } };
}

/** What an iterable yields. Its own errors pass; what the engine says of a broken one gets a code. */
function listOf(iterable: Iterable<unknown>): unknown[] {
  try {
    return [...iterable];
  } catch (error) {
    if (!(error instanceof TypeError) || "code" in error) throw error;
    throw typeError("ERR_INVALID_PARAMETER", `The parameters cannot be iterated over: ${error.message}`, error);
  }
}

/** Reads what a constructor was given: groups where the first item has `params`, else one group of parameters. */
export function readParams<O extends object>(rule: Rule<O>, given: unknown, defaults: O): ReadGroup<O>[] {
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given) || ArrayBuffer.isView(given)) {
    const advice = "an iterable of parameters, or of groups { params, ...options }";
    throw typeError("ERR_INVALID_PARAMETER", `The parameters of ${rule.optimizer} must be ${advice}, got ${describe(given)}`);
  }
  const items = listOf(given as Iterable<unknown>);
  const isGroup = (item: unknown) => typeof item === "object" && item !== null && "params" in item;
  const grouped = isGroup(items[0]);
  if (items.some((item) => isGroup(item) !== grouped)) {
    throw typeError("ERR_INVALID_PARAMETER", `${rule.optimizer} takes parameters or groups of them, not a mixture`);
  }
  return grouped ? items.map((item) => readGroup(rule, item, defaults)) : [{ params: items, options: defaults, extra: {} }];
}
