// JSON both ways: written so that every number but NaN survives, read so that nothing is said twice.
import { describe, isObject, plainError, typeError } from "../errors";

/** Levels of arrays and objects within each other. It also ends an object that contains itself. */
const deepest = 100;

/** A number as JSON that every reader takes for the same one: 1e999 is read as infinity, -0.0 keeps its sign. */
function writeNumber(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "1e999" : "-1e999";
}

/** Of any realm: only an Object.prototype has a method of that name and no prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** Only an Array.prototype is an array itself and has an Object.prototype. */
function isArrayOfAnyRealm(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(prototype) && isPlain(prototype);
}

/**
 * A value as JSON. As with JSON.stringify, properties that are undefined are left out; unlike it, whatever would be changed or lost
 * is refused: NaN, BigInt, functions, symbols, typed arrays, instances of classes (Date, Map), holes, cycles.
 *
 * @param what names the value in messages, as `extra`
 */
export function writeJson(value: unknown, what: string, depth = 0): string {
  const refuse = (why: string) => typeError("ERR_CHECKPOINT", `${what} cannot be kept: ${why}`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (Number.isNaN(value)) throw refuse("JSON has no NaN; null could stand for it");
    return writeNumber(value);
  }
  if (!isObject(value)) throw refuse(`JSON has no place for ${describe(value)}`);
  if (depth === deepest) throw refuse(`it lies more than ${deepest} levels deep, or contains itself`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw refuse("it has keys that are symbols");
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype && !isArrayOfAnyRealm(value))
      throw refuse("it is an array with a class");
    if (Object.keys(value).length !== value.length) throw refuse("it is an array with holes or with other properties");
    const items = Array.from(value as unknown[], (item, k) => writeJson(item, `${what}[${k}]`, depth + 1));
    return `[${items.join(",")}]`;
  }
  if (!isPlain(value)) throw refuse(`JSON has plain objects and arrays, and this is ${describe(value)} with a class`);
  if (Object.getOwnPropertyNames(value).length !== Object.keys(value).length) throw refuse("it has hidden properties");
  const properties = Object.entries(value).filter(([, property]) => property !== undefined);
  const written = properties.map(([key, property]) => {
    if (key === "__proto__") throw refuse("it has a key __proto__");
    return `${JSON.stringify(key)}:${writeJson(property, `${what}.${key}`, depth + 1)}`;
  });
  return `{${written.join(",")}}`;
}

/** How many keys a text of JSON writes down. Throws where it is nested too deep, before anything is made of it. */
function countWrittenKeys(text: string, what: string): number {
  let keys = 0;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; ++i) {
    const character = text.charCodeAt(i);
    if (quoted) {
      if (character === 0x5c) i += 1;
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x3a) keys += 1;
    else if (character === 0x7b || character === 0x5b) {
      if (++depth > deepest) throw plainError("ERR_CHECKPOINT", `${what} is nested more than ${deepest} levels deep`);
    } else if (character === 0x7d || character === 0x5d) depth -= 1;
  }
  return keys;
}

/** Parses JSON. Refuses duplicate keys, of which JSON.parse would keep the last, `__proto__`, and great depth. */
export function parseJson(text: string, what: string): unknown {
  const writtenKeys = countWrittenKeys(text, what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw plainError("ERR_CHECKPOINT", `${what} is not JSON: ${(cause as Error).message}`, cause);
  }
  let keys = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (!isObject(next)) continue;
    if (Object.hasOwn(next, "__proto__")) throw plainError("ERR_CHECKPOINT", `${what} has a key __proto__`);
    if (!Array.isArray(next)) keys += Object.keys(next).length;
    for (const item of Object.values(next) as unknown[]) open.push(item);
  }
  if (keys !== writtenKeys) throw plainError("ERR_CHECKPOINT", `${what} has a key twice`);
  return value;
}

/** A deep copy of what JSON can hold. Throws where a value is anything else. */
export const copyJson = (value: unknown, what: string): unknown => parseJson(writeJson(value, what), what);
