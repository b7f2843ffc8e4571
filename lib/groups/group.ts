import type { Floats } from "../arrays/placement";
import { AddedKeys, canWrite } from "./live-group";
import { LiveOptions } from "./live-options";
import type { StepRequest, Update } from "../step/step-request";
import { bufferBits, statesMask, type TrackedParameter } from "../step/tracked-parameter";
import { addon, statesOfVariants } from "../native/engine";
import type { AnyParameter, Parameter } from "../parameter";
import type { EmaOptions, LookaheadOptions, StateDtype } from "../options/common";
import { refuseUnknownKeys } from "../options/kinds";
import { emaOf, lookaheadOf, stateDtypeOf, type Rule, type Step } from "../rule/rule";
import { requireStateDtype } from "./state-type";

/** What a constructor takes: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<AnyParameter> | Iterable<GroupOf<O>>;

/** A group as a caller writes it. Options that it lacks are the optimizer's defaults. */
export type GroupOf<O> = O & { params: AnyParameter | Iterable<AnyParameter> } & GroupExtras;

/** A group as an optimizer shows it. Its options are live: the next step uses what they are then. */
export type ParamGroup<O> = O & { readonly params: readonly Parameter<Floats>[] } & GroupExtras;

/** What a group may hold beside its options and parameters. */
export interface GroupExtras {
  name?: string;
  /** The lr that schedules start from. They set it. */
  initial_lr?: number;
  /** Anything of your own that JSON can hold. It is saved with the group, and no step looks at it. */
  extra?: unknown;
}

/** What a group may hold beside its options. */
export const groupKeys: readonly string[] = ["params", "name", "initial_lr", "extra"];

/** Every key that a group may have. */
export const knownKeys = <O extends object>({ options }: Rule<O>): string[] => [...Object.keys(options), ...groupKeys];

/** What a step does with all rows of a group that have a gradient. */
export interface PlannedGroup {
  /** One of the rows. */
  readonly row: number;
  /** The index of their coefficients. */
  readonly set: number;
  /** How many state arrays each of them needs, and the bits in `kept` of the arrays of common options. */
  readonly states: number;
  readonly buffers: number;
  /** How many rows have a gradient. */
  readonly updated: number;
}

/** One group of parameters: the caller's live view of it, and the options as the last step read them. */
export class Group<O extends object> {
  readonly live: ParamGroup<O>;
  readonly #known: readonly string[];
  readonly #step: Step<O>;
  readonly #options: LiveOptions<O>;
  /** A copy of the options, which foreign code cannot change between the checks of a step and its end. */
  #current: O;
  readonly #added = new AddedKeys();
  /** Lookahead and the moving average at this step. */
  #lookahead: LookaheadOptions | null = null;
  #ema: EmaOptions | null = null;
  /** The bits in `kept` of the arrays that they keep. Such a step needs every element of a parameter. */
  buffers = 0;
  /** What the last step that looked at the rows planned for all of them; null where they differ. */
  planned: PlannedGroup | null = null;
  // The sets of coefficients of this step, by key: one, unless the parameters have missed different steps.
  #lastKey = 0;
  #lastSet = 0;
  readonly #setOfKey = new Map<number, number>();

  constructor(
    readonly rule: Rule<O>,
    readonly parameters: readonly TrackedParameter[],
    given: O,
    extras: GroupExtras,
  ) {
    this.#known = knownKeys(rule);
    this.#step = rule.makeStep();
    this.#options = new LiveOptions(rule.options, rule.begin?.(given) ?? given);
    this.#current = { ...this.#options.values };
    rule.check?.(this.#current);
    requireStateDtype(stateDtypeOf(this.#current), parameters);
    rule.advise?.(this.#current);
    const params = Object.freeze(parameters.map(({ parameter }) => parameter));
    const live = Object.defineProperty(this.#added.makeObject(), "params", { value: params, enumerable: true });
    this.#options.define(live);
    this.live = Object.assign(live, extras) as ParamGroup<O>;
  }

  /** Whether its steps can be captured into a graph. */
  get capturable(): boolean {
    return (this.#current as { capturable?: boolean }).capturable === true;
  }

  get options(): O {
    return this.#current;
  }

  /** The type of the state arrays of its parameters. */
  get stateDtype(): StateDtype {
    return stateDtypeOf(this.#current);
  }

  /** Reads the live options again. Throws where one is invalid, or where they do not fit together. Accessors in arrays run here. */
  read(): void {
    const options = this.#options;
    options.read();
    if (this.#added.any) this.#added.check((keys) => refuseUnknownKeys(keys, this.#known, "A param group"));
    if (!options.changed) return;
    this.rule.check?.(options.values);
    requireStateDtype(stateDtypeOf(options.values), this.parameters);
    options.changed = false;
    this.#current = { ...options.values };
    this.rule.advise?.(this.#current);
  }

  /** The same, and checks all keys. A step notices keys that were assigned; this finds those made by Object.defineProperty, too. */
  readAll(): void {
    refuseUnknownKeys(Object.keys(this.live), this.#known, "A param group");
    this.read();
  }

  /** The first key of a saved group that `load` could not write. */
  unwritable(extras: GroupExtras): string | undefined {
    if (!canWrite(this.live, "lr")) return "lr";
    return Object.keys(extras).find((key) => {
      const own = Object.getOwnPropertyDescriptor(this.live, key);
      return own === undefined ? !Object.isExtensible(this.live) : own.writable !== true; // an accessor is the caller's own code
    });
  }

  /** Replaces the options, and what else a saved group holds. */
  load(options: O, extras: GroupExtras): void {
    this.#options.assign(options);
    this.#current = { ...options };
    Object.assign(this.live, extras);
  }

  /** Warns of what the options do not do. */
  advise(): void {
    this.rule.advise?.(this.#current);
  }

  /** How many state arrays a parameter needs under these options. */
  stateCount(options: O): number {
    const variant = this.rule.makeStep()(options, new Float32Array(addon.maxCoefficients), 1, true);
    return statesOfVariants(this.rule.formula)[variant] as number;
  }

  beginStep(): void {
    this.#lastKey = 0;
    if (this.#setOfKey.size > 0) this.#setOfKey.clear();
    this.#lookahead = lookaheadOf(this.rule, this.#current);
    this.#ema = emaOf(this.#current);
    this.buffers = (this.#lookahead === null ? 0 : bufferBits.slow) | (this.#ema === null ? 0 : bufferBits.ema);
  }

  /** The first of this group's rows, which follow each other, and the one after the last. */
  get first(): number {
    return this.parameters[0]?.index ?? 0;
  }

  get end(): number {
    return this.first + this.parameters.length;
  }

  /** The index of this group's coefficients for the t-th update of a parameter whose state is `kept`, computed once a step. */
  set(t: number, kept: number, request: StepRequest): number {
    const fresh = (kept & statesMask) === 0;
    const begins = (kept & bufferBits.slow) === 0;
    const beginsEma = (kept & bufferBits.ema) === 0;
    const key = t * 8 + (fresh ? 4 : 0) + (begins ? 2 : 0) + (beginsEma ? 1 : 0);
    if (key !== this.#lastKey) {
      const update = { t, fresh, lookahead: this.#lookahead, begins, ema: this.#ema, beginsEma };
      this.#lastSet = this.#setOf(key, update, request);
    }
    this.#lastKey = key;
    return this.#lastSet;
  }

  #setOf(key: number, update: Update, request: StepRequest): number {
    const known = this.#setOfKey.get(key);
    if (known !== undefined) return known;
    const set = request.add(this.rule, this.#step, this.#current, update);
    if (this.#lastKey !== 0) this.#setOfKey.set(this.#lastKey, this.#lastSet).set(key, set);
    return set;
  }
}
