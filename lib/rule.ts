// What an optimizer is, apart from the class that people call: a formula, its options, and its coefficients at a step.
import type { Kinds } from "./options";

/**
 * The coefficients of one step: writes the formula's `Coefficients`, in their order, into `into` from `at` on, each rounded to
 * float32 as it is stored, and returns the variant of the formula that the step needs.
 *
 * @param t the number of this step for these parameters, from 1
 */
export type Coefficients<O> = (options: O, t: number, into: Float32Array, at: number) => number;

export interface Rule<O extends object> {
  /** The class's name. */
  readonly optimizer: string;
  /** Which release's rule this is. */
  readonly version: string;
  /** The formula's name in native/update/. */
  readonly formula: string;
  /** PyTorch's names of the state arrays, in the formula's order. */
  readonly states: readonly string[];
  readonly kinds: Kinds<O>;
  readonly defaults: Readonly<O>;
  /** Whether two sets of options hold the same values. Written out by name: a loop over keys takes twenty times as long. */
  readonly same: (a: O, b: O) => boolean;
  /** Makes the function for one group; it may remember what the next step can use. */
  readonly coefficients: () => Coefficients<O>;
  /** Is told the options of a group when they change, to warn of what they do not do. */
  readonly advise?: (options: O) => void;
  /** What the published class keeps beside the arrays: `state` for one parameter after t steps, `group` for a group. */
  readonly published: { state(options: O, t: number): object; group(): object };
}
