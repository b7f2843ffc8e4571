// Where the named coefficients and choices of a formula go in the memory of a step.
import { addon } from "./native";
import { requireSameNames, type FormulaNames } from "./native-lists";

/** A formula as a rule names it: its coefficients, and the values of each choice that a variant makes. */
export interface Naming<C extends string, V extends Choices> {
  /** The formula's name in native/update/. */
  readonly formula: string;
  readonly coefficients: readonly C[];
  readonly choices: V;
}

export type Choices = Readonly<Record<string, readonly string[]>>;

/** What a step writes: every coefficient, and a value of each choice. */
export type Written<C extends string> = Record<C, number>;
export type Chosen<V extends Choices> = { -readonly [K in keyof V]: V[K][number] };

/** Throws unless native code has the same names. */
export function requireNaming(
  { formula, coefficients, choices }: Naming<string, Choices>,
  formulas: Readonly<Record<string, FormulaNames>> = addon.formulas,
): FormulaNames {
  requireSameNames(
    "the list of formulas",
    Object.keys(formulas).filter((name) => name === formula),
    [formula],
  );
  const native = formulas[formula] as FormulaNames;
  requireSameNames(`the list of ${formula}'s coefficients`, native.coefficients, coefficients);
  requireSameNames(
    `the list of ${formula}'s choices`,
    native.choices.map(({ name }) => name),
    Object.keys(choices),
  );
  for (const { name, values } of native.choices) {
    requireSameNames(`the choice ${name} of ${formula}`, values, choices[name] as readonly string[]);
  }
  return native;
}

/**
 * Objects to which a step writes by name, made once. An assignment to a coefficient goes straight to its slot, rounded to float32; that
 * to a choice is a digit of the variant's number.
 */
export class Slots<C extends string, V extends Choices> {
  readonly coefficients = {} as Written<C>;
  readonly chosen = {} as Chosen<V>;
  #into: Float32Array = new Float32Array(0);
  #at = 0;
  #variant = 0;

  constructor(native: FormulaNames) {
    native.coefficients.forEach((name, slot) => {
      Object.defineProperty(this.coefficients, name, { set: (value: number) => void (this.#into[this.#at + slot] = value) });
    });
    let stride = 1;
    for (const { name, values } of native.choices) {
      const step = stride;
      const digits = new Map(values.map((value, digit) => [value, digit * step]));
      let last = 0;
      const set = (value: string) => {
        const digit = digits.get(value) as number;
        this.#variant += digit - last;
        last = digit;
      };
      Object.defineProperty(this.chosen, name, { set });
      stride *= values.length;
    }
  }

  /** Directs what follows to a place in memory. */
  aim(into: Float32Array, at: number): void {
    this.#into = into;
    this.#at = at;
  }

  /** The number of the variant that was chosen. A choice that a step leaves out stays as it was. */
  get variant(): number {
    return this.#variant;
  }
}
