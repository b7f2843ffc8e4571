// The group object that callers see: one accessor per option, and detection of unknown keys.

import { shownValues } from "../foreign";

/** By this key Node finds what console.log shows. */
const inspect = Symbol.for("nodejs.util.inspect.custom");

/** The base of classes that put a private field on an object which exists already. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- its constructor is what it is for
export class Given {
  constructor(object: object) {
    return object;
  }
}

/** Puts the added keys of a group where nobody else sees them. */
class Noted extends Given {
  readonly #keys: Set<string>;

  constructor(group: object, keys: Set<string>) {
    super(group);
    this.#keys = keys;
  }

  static add(group: object, key: string): void {
    if (#keys in group) group.#keys.add(key);
  }
}

/** Values in the place of accessors, for console.log. */
function showValues(this: object): object {
  return shownValues(this);
}

/**
 * The prototype of groups. An assignment to a key that a group lacks goes through it, which notes the key: looking through all keys at
 * every step would take longer than a small step.
 */
const prototype = new Proxy(
  Object.create(Object.prototype, { [inspect]: { value: showValues, writable: true, configurable: true } }) as object,
  {
    set: (_, key, value, receiver) => {
      Noted.add(receiver as object, String(key));
      return Reflect.defineProperty(receiver as object, key, { value, writable: true, enumerable: true, configurable: true });
    },
  },
);

/** The keys that were added to a group since it was made. */
export class AddedKeys {
  readonly #keys = new Set<string>();
  #live: object = this;

  /** A group without properties. */
  makeObject(): object {
    this.#live = Object.create(prototype) as object;
    new Noted(this.#live, this.#keys);
    return this.#live;
  }

  /** Whether any key may have been added since the last check. */
  get any(): boolean {
    return this.#keys.size > 0;
  }

  /** Calls `check` with the keys that were added and are still there. */
  check(check: (keys: readonly string[]) => void): void {
    for (const key of this.#keys) if (!Object.hasOwn(this.#live, key)) this.#keys.delete(key);
    check([...this.#keys]);
    this.#keys.clear();
  }
}

/** Whether a key of any group, a caller's own too, can be assigned. */
export function canWrite(group: object, key: string): boolean {
  const own = Object.getOwnPropertyDescriptor(group, key);
  if (own === undefined) return Object.isExtensible(group);
  return own.writable ?? (own.set !== undefined && !Object.isFrozen(group));
}
