// The declaration of an optimizer, from which its option types, checks and defaults are derived.
import {
  checkCommon,
  commonOptions,
  savedOptions,
  type Centralize,
  type CommonOptions,
  type CommonValues,
  type EmaOptions,
  type LookaheadOptions,
  type StateDtype,
} from "../options/common";
import { defaultsOf, type Schema, type SchemaOf, type Values } from "../options/schema";
export { option, withoutDefault, type Option, type Values } from "../options/schema";
import type { Program } from "./program";
import { resolve, type Choices, type Naming, type Resolved } from "./slots";

/**
 * Writes the coefficients of one step into `c`, each rounded to float32. Returns the number of the formula's variant.
 *
 * @param t the number of this step for these parameters, from 1
 * @param fresh whether they have no state yet
 */
export type Step<O> = (options: O, c: Float32Array, t: number, fresh: boolean) => number;

/** Fields that a published class needs in its dicts besides arrays and options. Written for that class, ignored when read. */
export interface Published<O> {
  /** In the state of one parameter, after t steps. */
  readonly state?: (options: O, t: number) => object;
  /** In a group. */
  readonly group?: () => object;
  /** The common options that the class obeys. Default: none. */
  readonly obeys?: readonly (keyof CommonValues)[];
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
  /** True where PyTorch keeps None for a state array until a step needs it. Default false. */
  readonly keepsNone?: boolean;
  /** At what the elements of every state array begin. Default 0. */
  readonly begins?: (options: O) => number;
  /** True where all parameters have one count of steps, the optimizer's. Default false. */
  readonly oneCount?: boolean;
  /** Called when a group's options change, to warn about options that have no effect. */
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
  /**
   * Makes what writes the program of a step, for steps whose number is known to a device alone: the variant, where it is not that of `step`
   * at all times, and the coefficients that depend on the number of the step, in the order of operations of `step`. Not needed where none do.
   */
  readonly program?: (names: Resolved<C, V>) => (options: Values<S>, program: Program) => void;
}

export interface Rule<O extends object> extends Extras<O> {
  /** The formula's name in native/update/. */
  readonly formula: string;
  readonly options: SchemaOf<O>;
  readonly defaults: Readonly<O>;
  /** Makes the step of one group. */
  readonly makeStep: () => Step<O>;
  /** Writes the program of a step. */
  readonly writeProgram?: (options: O, program: Program) => void;
}

/** The options of a constructor, by the declaration. */
export type OptionsOf<R> = R extends Rule<infer O> ? Partial<O> : never;
/** The options of a group, by the declaration. */
export type LiveOptionsOf<R> = R extends Rule<infer O> ? O : never;

/**
 * What absent common options mean in a dict that this package wrote: their defaults. Absent options with an array stay as they are, and the
 * type of the state is the optimizer's own.
 */
export const absentOptions = <O extends object>({ options }: Rule<O>): Partial<O> => {
  const { lookahead: _, ema: __, state_dtype: ___, ...shared } = savedOptions(commonOptions);
  const present = Object.entries(shared).filter(([key]) => key in options);
  return Object.fromEntries(present.map(([key, { fallback }]) => [key, fallback])) as Partial<O>;
};

/** The Lookahead of a group: a part of the optimizer, or the option. */
export const lookaheadOf = <O extends object>({ lookahead }: Rule<O>, options: O): LookaheadOptions | null =>
  lookahead === undefined ? ((options as CommonOptions).lookahead as LookaheadOptions | null) : lookahead(options);

/** The type of a group's state arrays. */
export const stateDtypeOf = (options: object): StateDtype => (options as { state_dtype: StateDtype }).state_dtype;

/** The moving average of a group. */
export const emaOf = (options: object): EmaOptions | null => (options as { ema: EmaOptions | null }).ema;

/** The names of all options of all rules. */
export const optionNames = new Set<string>();

function makeRule<S extends Schema, C extends string, V extends Choices>(declaration: Declaration<S, C, V>): Rule<Values<S>> {
  const { names, options, step, program, ...extras } = declaration;
  const resolved = resolve(names);
  for (const name of Object.keys(options)) optionNames.add(name);
  return {
    ...extras,
    formula: names.formula,
    options: options as unknown as Rule<Values<S>>["options"],
    defaults: defaultsOf(options),
    makeStep: () => step(resolved),
    ...(program === undefined ? {} : { writeProgram: program(resolved) }),
  };
}

/** Declares an optimizer. It has the common options as well. */
export function defineRule<S extends Schema, C extends string, V extends Choices>(
  declaration: Declaration<S, C, V>,
): Rule<Values<S> & CommonValues> {
  const { check, oneCount = false } = declaration;
  const rule = makeRule({
    ...declaration,
    options: { ...declaration.options, ...commonOptions },
    check: (options) => {
      checkCommon(options, oneCount);
      check?.(options);
    },
  });
  return rule as unknown as Rule<Values<S> & CommonValues>;
}

/** Declares an optimizer that has Lookahead and centralization of its own. */
export function defineRanger<S extends Schema, C extends string, V extends Choices>(
  declaration: Declaration<S, C, V>,
): Rule<Values<S> & Omit<CommonValues, "centralize" | "lookahead">> {
  const { centralize: _, lookahead: __, ...shared } = commonOptions;
  const rule = makeRule({ ...declaration, options: { ...declaration.options, ...shared } });
  return rule as unknown as Rule<Values<S> & Omit<CommonValues, "centralize" | "lookahead">>;
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
