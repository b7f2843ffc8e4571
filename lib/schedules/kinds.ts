// How options and saved states of schedules are read and checked. The messages are PyTorch's where it has one.
import { describe, isArray, rangeError, typeError } from "../errors";
import { numberThat, readOptions, refuseUnknownKeys, requireObject, type Kind, type Kinds, type Message } from "../options/kinds";

/** Any number. JSON has no infinity and no NaN: there they are words. */
export const anyNumber: Kind<number> = (value, key) => {
  if (typeof value === "number") return value;
  if (value === "Infinity" || value === "-Infinity" || value === "NaN") return Number(value);
  throw typeError("ERR_INVALID_OPTION", `${key} must be a number, got ${describe(value)}`);
};

/** A saved list of numbers, as long as the one it replaces. */
export const numbers: Kind<readonly number[]> = (value, key, last) => {
  const length = last?.length ?? 0;
  if (!isArray(value) || value.length !== length) {
    throw typeError(
      "ERR_INVALID_OPTION",
      `${key} must be an array, a number for each of ${length} groups, got ${describe(value)}`,
    );
  }
  return Array.from(value, (item, index) => anyNumber(item, `${key}[${index}]`)); // which sees holes, and map does not
};

/** A momentum. */
export const momentum: Kind<number> = numberThat(
  (value) => value >= 0 && value < 1,
  (key, value) => `${key} must be a number in [0, 1), got ${String(value)}`,
);

/** A saved list of momenta. */
export const momenta: Kind<readonly number[]> = (value, key, last) =>
  numbers(value, key, last).map((item, index) => momentum(item, `${key}[${index}]`));

/** A number for all groups, or one for each: always returns one for each. `message` is what PyTorch says of a wrong count. */
export function forEachGroup(one: Kind<number>, count: number, message: Message): Kind<readonly number[]> {
  return (value, key) => {
    if (!isArray(value)) return Array.from({ length: count }, () => one(value, key));
    if (value.length !== count) throw rangeError("ERR_INVALID_OPTION", message(key, value.length));
    return Array.from(value, (item, index) => one(item, `${key}[${index}]`));
  };
}

/** Reads the options that a caller gave. Those without a default must be there. */
export function readGiven<O extends object>(what: string, given: unknown, kinds: Kinds<O>, defaults: Partial<O>): O {
  requireObject(given, `The options of ${what}`);
  const keys = Object.keys(kinds);
  refuseUnknownKeys(given, keys, what);
  const result = readOptions(kinds, given, defaults as O);
  const missing = keys.find((key) => !(key in result));
  if (missing !== undefined) throw typeError("ERR_INVALID_OPTION", `${what} needs ${missing}`);
  return result;
}
