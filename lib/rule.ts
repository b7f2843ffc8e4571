// What an optimizer is, apart from the class that people call: one declaration, from which option types, checks and defaults follow.
import { describe, typeError } from "./errors";
import type { Kind } from "./options";
import { resolve, type Choices, type Naming, type Resolved } from "./slots";

/** One option: its default in canonical form, and how a value is read. */
export interface Option<T> {
  readonly fallback: T;
  readonly read: (value: unknown, key: string) => T;
}

export const option = <T>(fallback: T, read: Kind<T>): Option<T> => ({ fallback, read });

/** An option that `begin` fills in. */
export const withoutDefault = <T>(read: Kind<T>): Option<T> => ({ fallback: undefined as T, read });

export type Schema = Readonly<Record<string, Option<unknown>>>;

/** The values of options. */
export type Values<S> = { -readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never };

export type Centralize = false | "all" | "conv";

/** Lookahead: every k steps the slow weights go the part `alpha` of the way to the parameters, which go on from there. */
export interface LookaheadOptions {
  readonly k: number;
  readonly alpha: number;
}

const centralize: Kind<Centralize> = (value, key) => {
  if (value === false || value === "all" || value === "conv") return value;
  throw typeError("ERR_INVALID_OPTION", `${key} must be false, "all" or "conv", got ${describe(value)}`);
};

/** The values of the options that every optimizer has. */
export interface CommonValues {
  /**
   * Gradient centralization (Yong et al., ECCV 2020): subtracts from the gradient its mean over all dimensions but the first, in
   * parameters whose `shape` has more than one dimension ("all") or more than three ("conv"). Coupled weight decay comes before it.
   * Default false.
   */
  centralize: Centralize;
}

/** Options that every optimizer has. */
export type CommonOptions = Partial<CommonValues>;

export const commonOptions: { readonly [K in keyof CommonValues]: Option<CommonValues[K]> } = {
  centralize: option<Centralize>(false, centralize),
};

/**
 * Writes the coefficients of one step into `c`, each rounded to float32. Returns the number of the formula's variant.
 *
 * @param t the number of this step for these parameters, from 1
 * @param fresh whether they have no state yet
 */
export type Step<O> = (options: O, c: Float32Array, t: number, fresh: boolean) => number;

/** What a published class keeps in its dicts beside arrays and options, and this one has no use for: written for it, read over. */
export interface Published<O> {
  /** In the state of one parameter, after t steps. */
  readonly state?: (options: O, t: number) => object;
  /** In a group. */
  readonly group?: () => object;
}

/** What a rule may say besides its formula, its options and its step. */
interface Extras<O> {
  /** The class's name. */
  readonly optimizer: string;
  /** The release whose rule this is, where there are several. */
  readonly version?: string;
  /** A step in short, for the table of optimizers: p is the parameter, g the gradient, m and v the running means. */
  readonly summary: string;
  /** PyTorch's names of the state arrays, in the formula's order. */
  readonly states: readonly string[];
  /** The options that a group begins with, where some follow from others. */
  readonly begin?: (options: O) => O;
  /** Throws where options that are right one by one do not go together. */
  readonly check?: (options: O) => void;
  /** The weight decay that joins the gradient before anything else; 0: none. */
  readonly coupledDecay?: (options: O) => number;
  /** Which gradients (or, with late centralization, directions) are centralized, where it is not the option of that name. */
  readonly centralized?: (options: O) => Centralize;
  /** Where Lookahead is a part of the optimizer. */
  readonly lookahead?: (options: O) => LookaheadOptions;
  /** False where PyTorch keeps no `step`. Default true. */
  readonly counted?: boolean;
  /** True where all parameters have one count of steps, the optimizer's. Default false. */
  readonly oneCount?: boolean;
  /** Is told the options of a group when they change, to warn of what they do not do. */
  readonly advise?: (options: O) => void;
  /** What the published class keeps beside arrays and options. */
  readonly published?: Published<O>;
}

interface Declaration<S extends Schema, C extends string, V extends Choices> extends Extras<Values<S>> {
  readonly names: Naming<C, V>;
  readonly options: S;
  /**
   * Makes the step of one group, which writes every coefficient at its `slot` and adds up the codes of one value of each `choice`. It may
   * remember what the next step can use.
   */
  readonly step: (names: Resolved<C, V>) => Step<Values<S>>;
}

export interface Rule<O extends object> extends Extras<O> {
  /** The formula's name in native/update/. */
  readonly formula: string;
  readonly options: { readonly [K in keyof O]-?: Option<O[K]> };
  readonly defaults: Readonly<O>;
  /** Makes the step of one group. */
  readonly makeStep: () => Step<O>;
}

/** The options of a constructor, by the declaration. */
export type OptionsOf<R> = R extends Rule<infer O> ? Partial<O> : never;
/** The options of a group, by the declaration. */
export type LiveOptionsOf<R> = R extends Rule<infer O> ? O : never;

/** The defaults of a schema. Options without one are absent. */
export const defaultsOf = <S extends Schema>(schema: S): Values<S> =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(schema)
        .filter(([, { fallback }]) => fallback !== undefined)
        .map(([key, { fallback }]) => [key, fallback]),
    ),
  ) as Values<S>;

/** Every option in canonical form: what is given, checked, and `defaults` (canonical already) for the rest. */
export function readSchema<O extends object>(schema: Rule<O>["options"], given: object, defaults: O): O {
  const result = { ...defaults };
  for (const key of Object.keys(schema) as (keyof O & string)[]) {
    const value = (given as O)[key];
    if (value !== undefined) result[key] = schema[key].read(value, key);
  }
  return result;
}

/** The defaults of the common options that a rule has. */
export const sharedDefaults = <O extends object>({ options }: Rule<O>): Partial<O> =>
  Object.fromEntries(
    Object.entries(commonOptions).flatMap(([key, { fallback }]) => (key in options ? [[key, fallback]] : [])),
  ) as Partial<O>;

/** Options without the common ones that have their default. */
export function publicDefaults<O extends object>(defaults: O): O {
  const isPlain = ([key, value]: [string, unknown]) => (commonOptions as Schema)[key]?.fallback === value;
  return Object.freeze(Object.fromEntries(Object.entries(defaults).filter((entry) => !isPlain(entry)))) as O;
}

/** Declares an optimizer whose own options are all that it has. */
export function defineClosedRule<S extends Schema, C extends string, V extends Choices>(
  declaration: Declaration<S, C, V>,
): Rule<Values<S>> {
  const { names, options, step, ...extras } = declaration;
  const resolved = resolve(names);
  return {
    ...extras,
    formula: names.formula,
    options: options as unknown as Rule<Values<S>>["options"],
    defaults: defaultsOf(options),
    makeStep: () => step(resolved),
  };
}

/** Declares an optimizer. It has the common options as well. */
export function defineRule<S extends Schema, C extends string, V extends Choices>(
  declaration: Declaration<S, C, V>,
): Rule<Values<S> & CommonValues> {
  const options = { ...declaration.options, ...commonOptions };
  const closed = defineClosedRule({ ...declaration, options });
  return closed as unknown as Rule<Values<S> & CommonValues>;
}

const ruleOfOptimizer = new WeakMap<object, Rule<object>>();

/** Notes which rule an optimizer follows. */
export function noteRule<O extends object>(optimizer: object, rule: Rule<O>): void {
  ruleOfOptimizer.set(optimizer, rule as unknown as Rule<object>);
}

/** The rule that an optimizer follows, for what is made from declarations: the benchmark, tests, tables of the documentation. */
export const ruleOf = (optimizer: object): Rule<object> => ruleOfOptimizer.get(optimizer) as Rule<object>;

/** "AdaBelief 0.0.5", "SGD" */
export const titleOf = ({ optimizer, version }: Pick<Rule<object>, "optimizer" | "version">): string =>
  version === undefined ? optimizer : `${optimizer} ${version}`;
