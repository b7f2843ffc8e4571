// The names of a formula's coefficients and choices, resolved once to places in the memory of a step.
import { addon } from "../native/engine";
import { requireSameNames, type FormulaNames } from "../native/lists";

/** A formula as a rule names it: its coefficients, and the values of each choice that a variant makes. */
export interface Naming<C extends string, V extends Choices> {
  /** The formula's name in native/update/. */
  readonly formula: string;
  readonly coefficients: readonly C[];
  readonly choices: V;
}

export type Choices = Readonly<Record<string, readonly string[]>>;

/** The place of each coefficient in a set of them. */
export type Slots<C extends string> = Readonly<Record<C, number>>;

/** What each value of each choice adds to the number of the variant. */
export type Codes<V extends Choices> = { readonly [K in keyof V]: Readonly<Record<V[K][number], number>> };

export interface Resolved<C extends string, V extends Choices> {
  readonly slot: Slots<C>;
  readonly choice: Codes<V>;
}

/** Throws unless native code has the same names. */
export function resolve<C extends string, V extends Choices>(
  { formula, coefficients, choices }: Naming<C, V>,
  formulas: Readonly<Record<string, FormulaNames>> = addon.formulas,
): Resolved<C, V> {
  const known = Object.keys(formulas).filter((name) => name === formula);
  requireSameNames("the list of formulas", known, [formula]);
  const native = formulas[formula] as FormulaNames;
  requireSameNames(`the list of ${formula}'s coefficients`, native.coefficients, coefficients);
  const named = native.choices.map(({ name }) => name);
  requireSameNames(`the list of ${formula}'s choices`, named, Object.keys(choices));
  const choice: Record<string, Record<string, number>> = {};
  let stride = 1;
  for (const { name, values } of native.choices) {
    requireSameNames(`the choice ${name} of ${formula}`, values, choices[name] as readonly string[]);
    const step = stride;
    choice[name] = Object.freeze(Object.fromEntries(values.map((value, digit) => [value, digit * step])));
    stride *= values.length;
  }
  const slot = Object.fromEntries(native.coefficients.map((name, place) => [name, place]));
  return { slot: Object.freeze(slot) as Slots<C>, choice: Object.freeze(choice) as unknown as Codes<V> };
}
