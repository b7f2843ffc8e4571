// What an optimizer is, apart from the class that people call: a formula, its options, and its coefficients at a step.
import { describe, typeError } from "./errors";
import type { Kind, Kinds } from "./options";

/** Options that every optimizer has. */
export interface CommonOptions {
  /**
   * Gradient centralization (Yong et al., ECCV 2020): subtracts from the gradient its mean over all dimensions but the first, in
   * parameters whose `shape` has more than one dimension ("all") or more than three ("conv"). Coupled weight decay comes before it.
   * Default false.
   */
  centralize?: Centralize;
}

export type Centralize = false | "all" | "conv";

/** The options as a group has them: all of them, but for those without a default. */
export type Live<O extends CommonOptions> = Required<Omit<O, keyof CommonOptions>> & CommonOptions;

/**
 * The coefficients of one step: writes the formula's `Coefficients`, in their order, into `into` from `at` on, each rounded to
 * float32 as it is stored, and returns the variant of the formula that the step needs.
 *
 * @param t the number of this step for these parameters, from 1
 * @param fresh whether they have no state yet
 */
export type Coefficients<O> = (options: O, t: number, into: Float32Array, at: number, fresh: boolean) => number;

/** Lookahead: every k steps the slow weights go the part `alpha` of the way to the parameters, which go on from there. */
export interface LookaheadOptions {
  readonly k: number;
  readonly alpha: number;
}

/** What a published class keeps in its dicts beside arrays and options, and this one has no use for: written for it, read over. */
export interface Published<O> {
  /** In the state of one parameter, after t steps. */
  readonly state?: (options: O, t: number) => object;
  /** In a group. */
  readonly group?: () => object;
}

export interface Rule<O extends object> {
  /** The class's name. */
  readonly optimizer: string;
  /** Which release's rule this is, where there are several. */
  readonly version?: string;
  /** The formula's name in native/update/. */
  readonly formula: string;
  /** PyTorch's names of the state arrays, in the formula's order. */
  readonly states: readonly string[];
  readonly kinds: Kinds<O>;
  readonly defaults: Readonly<O>;
  /** Whether two sets of options hold the same values. Written out by name: a loop over keys takes twenty times as long. */
  readonly same: (a: O, b: O) => boolean;
  /** The options that a group begins with, where some follow from others. */
  readonly begin?: (options: O) => O;
  /** Throws where options that are right one by one do not go together. */
  readonly check?: (options: O) => void;
  /** Makes the function for one group; it may remember what the next step can use. */
  readonly coefficients: () => Coefficients<O>;
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

/** "AdaBelief 0.0.5", "SGD" */
export const titleOf = ({ optimizer, version }: Pick<Rule<object>, "optimizer" | "version">): string =>
  version === undefined ? optimizer : `${optimizer} ${version}`;

const centralize: Kind<Centralize> = (value, key) => {
  if (value === false || value === "all" || value === "conv") return value;
  throw typeError("ERR_INVALID_OPTION", `${key} must be false, "all" or "conv", got ${describe(value)}`);
};

/** Completes a rule with the options that all have. */
export function withCommonOptions<O extends object>(rule: Rule<O>): Rule<O & CommonOptions> {
  const kinds = { ...rule.kinds, centralize } as unknown as Kinds<O & CommonOptions>;
  const same = (a: O & CommonOptions, b: O & CommonOptions) => rule.same(a, b) && a.centralize === b.centralize;
  return { ...rule, kinds, same };
}
