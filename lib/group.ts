import type { Floats } from "./floats";
import { AddedKeys } from "./live-group";
import { LiveOptions } from "./live-options";
import type { Member } from "./member";
import { addon, statesOfVariants } from "./native";
import { refuseUnknownKeys } from "./options";
import type { AnyParameter, Parameter } from "./parameter";
import type { LookaheadOptions, Rule, Step } from "./rule";
import type { Work } from "./work";

/** What a constructor takes: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<AnyParameter> | Iterable<GroupOf<O>>;

/** A group as a caller writes it. Options that it lacks are the optimizer's defaults. */
export type GroupOf<O> = O & { params: AnyParameter | Iterable<AnyParameter>; name?: string; initial_lr?: number };

/** A group as an optimizer shows it. Its options are live: the next step uses what they are then. */
export type ParamGroup<O> = O & { readonly params: readonly Parameter<Floats>[]; name?: string; initial_lr?: number };

/** What a group may hold beside its options. */
const groupKeys = ["params", "name", "initial_lr"];

/** Every key that a group may have. */
export const knownKeys = <O extends object>({ options }: Rule<O>): string[] => [...Object.keys(options), ...groupKeys];

/** One group of parameters: the caller's live view of it, and the options as the last step read them. */
export class Group<O extends object> {
  readonly live: ParamGroup<O>;
  readonly #known: readonly string[];
  readonly #step: Step<O>;
  readonly #options: LiveOptions<O>;
  /** A copy of the options, which foreign code cannot change between the checks of a step and its end. */
  #current: O;
  readonly #added = new AddedKeys();
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
    this.#known = knownKeys(rule);
    this.#step = rule.makeStep();
    this.#options = new LiveOptions(rule.options, rule.begin?.(given) ?? given);
    this.#current = { ...this.#options.values };
    rule.check?.(this.#current);
    rule.advise?.(this.#current);
    const params = Object.freeze(members.map((member) => member.parameter));
    const live = Object.defineProperty(this.#added.makeObject(), "params", { value: params, enumerable: true });
    this.#options.define(live);
    if (name !== undefined) Object.assign(live, { name });
    if (initial_lr !== undefined) Object.assign(live, { initial_lr });
    this.live = live as ParamGroup<O>;
  }

  get options(): O {
    return this.#current;
  }

  /** Reads the live options again; throws where they cannot be, or do not go together. Accessors may run foreign code here. */
  read(): void {
    const options = this.#options;
    options.read();
    this.#added.check((keys) => refuseUnknownKeys(keys, this.#known, "A param group"));
    if (!options.changed) return;
    this.rule.check?.(options.values);
    options.changed = false;
    this.#current = { ...options.values };
    this.rule.advise?.(this.#current);
  }

  /** The same, and looks through all keys. */
  readAll(): void {
    refuseUnknownKeys(Object.keys(this.live), this.#known, "A param group");
    this.read();
  }

  /** Whether `load` can write what a saved group holds besides options. */
  get writable(): boolean {
    return Object.isExtensible(this.live);
  }

  /** Replaces the options, and what else a saved group holds. */
  load(options: O, initial_lr: unknown): void {
    this.#options.assign(options);
    this.#current = { ...options };
    if (initial_lr !== undefined) Object.assign(this.live, { initial_lr });
    this.rule.advise?.(options);
  }

  /** How many state arrays a parameter needs under these options. */
  stateCount(options: O): number {
    const variant = this.rule.makeStep()(options, new Float32Array(addon.maxCoefficients), 1, true);
    return statesOfVariants(this.rule.formula)[variant] as number;
  }

  beginStep(): void {
    this.#lastKey = 0;
    if (this.#setOfKey.size > 0) this.#setOfKey.clear();
    const { rule, attached } = this;
    this.lookahead = rule.lookahead === undefined ? attached : rule.lookahead(this.options);
  }

  /** The index of this group's coefficients for a member's next update, computed once a step. */
  set({ t, states, slow }: Member, work: Work): number {
    const fresh = states.length === 0;
    const key = t * 4 + (fresh ? 2 : 0) + (slow === null ? 1 : 0);
    if (key === this.#lastKey) return this.#lastSet;
    let set = this.#setOfKey.get(key);
    if (set === undefined) {
      const { lookahead } = this;
      set = work.add(this.rule, this.#step, this.options, { t, fresh, lookahead, begins: slow === null });
      if (this.#lastKey !== 0) this.#setOfKey.set(this.#lastKey, this.#lastSet).set(key, set);
    }
    this.#lastKey = key;
    this.#lastSet = set;
    return set;
  }
}
