// The kinds of option values: how each is read and checked. Messages are PyTorch's where it has one.
import { arrayKind, describe, isArray, isObject, rangeError, typeError } from "../errors";

/** Reads a value into its canonical form, or throws. `last` is the value before. */
export type Kind<T> = (value: unknown, key: string, last?: T) => T;

export type Kinds<O> = { readonly [K in keyof O]-?: Kind<O[K]> };

/** A number in [0, ∞]; `message` begins PyTorch's "Invalid learning rate: -1". */
export function nonNegative(message: string): Kind<number> {
  return (value, key) => {
    if (typeof value !== "number") throw typeError("ERR_INVALID_OPTION", `${key} must be a number, got ${describe(value)}`);
    if (!(value >= 0)) throw rangeError("ERR_INVALID_OPTION", `Invalid ${message}: ${value}`);
    return value;
  };
}

/** What is said of a value that does not pass. */
export type Message = (key: string, value: unknown) => string;

/** A number that passes a test. */
export function numberThat(passes: (value: number) => boolean, message: Message): Kind<number> {
  return (value, key) => {
    if (typeof value !== "number") throw typeError("ERR_INVALID_OPTION", `${key} must be a number, got ${describe(value)}`);
    if (!passes(value)) throw rangeError("ERR_INVALID_OPTION", message(key, value));
    return value;
  };
}

/** A whole number, not less than `least`. */
export const whole = (least: number, message?: Message): Kind<number> =>
  numberThat(
    (value) => Number.isSafeInteger(value) && value >= least,
    message ?? ((key, value) => `${key} must be a whole number from ${least}, got ${describe(value)}`),
  );

/** A number from 4 on: between 2 and 4 RAdam's factor is the root of a negative number. */
export const averageThreshold: Kind<number> = numberThat(
  (value) => value >= 4,
  (key, value) => `${key} must be a number from 4, got ${describe(value)}`,
);

/** A finite number, not less than 0. */
export const finite: Kind<number> = numberThat(
  (value) => value >= 0 && value < Infinity,
  (key, value) => `${key} must be a finite number from 0, got ${describe(value)}`,
);

/** A finite number above 0. */
export const positive: Kind<number> = numberThat(
  (value) => value > 0 && value < Infinity,
  (key, value) => `${key} must be a finite number above 0, got ${describe(value)}`,
);

/** One of some words. */
export const word =
  <W extends string>(words: readonly W[], message: Message): Kind<W> =>
  (value, key) => {
    if (typeof value !== "string") throw typeError("ERR_INVALID_OPTION", `${key} must be a string, got ${describe(value)}`);
    if (!words.includes(value as W)) throw rangeError("ERR_INVALID_OPTION", message(key, value));
    return value as W;
  };

/** Any number but NaN. */
export const number: Kind<number> = numberThat(
  (value) => !Number.isNaN(value),
  (key) => `Invalid ${key}: NaN`,
);

/** A number in [0, 1]. */
export const proportion: Kind<number> = numberThat(
  (value) => value >= 0 && value <= 1,
  (key, value) => `${key} must be a number from 0 to 1, got ${describe(value)}`,
);

/** true or false, and nothing that merely looks like it. */
export const flag: Kind<boolean> = (value, key) => {
  if (typeof value !== "boolean") throw typeError("ERR_INVALID_OPTION", `${key} must be true or false, got ${describe(value)}`);
  return value;
};

/** Two numbers in [0, 1). The canonical form is a frozen array of its own. */
export const betas: Kind<readonly number[]> = (value, key) => {
  const isList = isArray(value) || arrayKind(value) !== undefined;
  if (!isList || (value as unknown[]).length !== 2) {
    throw typeError("ERR_INVALID_OPTION", `${key} must be an array of two numbers, got ${describe(value)}`);
  }
  const [beta1, beta2] = [(value as unknown[])[0], (value as unknown[])[1]];
  [beta1, beta2].forEach((beta, index) => {
    if (typeof beta !== "number") {
      throw typeError("ERR_INVALID_OPTION", `${key}[${index}] must be a number, got ${describe(beta)}`);
    }
    if (!(beta >= 0 && beta < 1)) throw rangeError("ERR_INVALID_OPTION", `Invalid beta parameter at index ${index}: ${beta}`);
  });
  return Object.freeze([beta1, beta2] as number[]);
};

// What the dialects call one thing, PyTorch's names first.
export const dialects: Names = [
  ["lr", "learning_rate", "step_size", "alpha"],
  ["eps", "epsilon"],
  ["betas", "beta", "beta_1", "beta_2"],
  ["weight_decay", "wd", "l2", "decay"],
  ["weight_decouple", "decoupled", "decoupled_weight_decay"],
  ["rectify", "rectified"],
  ["state_dtype", "mu_dtype", "optim_bits"],
];

/** A key without what spellings differ in: weight_decay, weightDecay, WEIGHT-DECAY. */
export const plain = (key: string): string => key.replaceAll(/[_\W]/g, "").toLowerCase();

/** Lists of names for one thing. */
type Names = readonly (readonly string[])[];

/** The known key that an unknown key probably stands for. */
function meantBy(key: string, known: readonly string[], names: Names): string | undefined {
  const same = names.find((list) => list.some((name) => plain(name) === plain(key))) ?? [];
  return [key, ...same].flatMap((name) => known.filter((candidate) => plain(candidate) === plain(name)))[0];
}

/** Refuses what is passed after the arguments that a method takes. */
export function refuseMore(rest: readonly unknown[], what: string, takes = "nothing after its options"): void {
  const more = rest.find((value) => value !== undefined);
  if (more !== undefined) throw typeError("ERR_INVALID_OPTION", `${what} takes ${takes}, got ${describe(more)}`);
}

/** Refuses keys that nothing has, and names the key that was probably meant, also by another name of `names`. */
export function refuseUnknownKeys(
  given: object | readonly string[],
  known: readonly string[],
  what: string,
  names: Names = dialects,
): void {
  for (const key of isArray(given) ? (given as readonly string[]) : Object.keys(given)) {
    if (known.includes(key)) continue;
    const meant = meantBy(key, known, names);
    const advice =
      meant !== undefined ? `did you mean ${JSON.stringify(meant)}?` : `it has ${known.length ? known.join(", ") : "none"}`;
    throw typeError("ERR_UNKNOWN_OPTION", `${what} has no option ${JSON.stringify(key)}: ${advice}`);
  }
}

/** An object that may hold options: not null, no array, no function. */
export function requireObject(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (!isObject(value) || Symbol.iterator in value) {
    throw typeError("ERR_INVALID_OPTION", `${what} must be an object, got ${describe(value)}`);
  }
}

/** Every option in canonical form: what is given, checked, and `defaults` (canonical already) for the rest. */
export function readOptions<O extends object>(kinds: Kinds<O>, given: object, defaults: O): O {
  const result = { ...defaults };
  for (const key of Object.keys(kinds) as (keyof O & string)[]) {
    const value = (given as O)[key];
    if (value !== undefined) result[key] = kinds[key](value, key, defaults[key]);
  }
  return result;
}
