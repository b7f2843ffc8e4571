// The group object that callers see: one accessor per option, and detection of unknown keys.

/** By this key Node finds what console.log shows. */
const inspect = Symbol.for("nodejs.util.inspect.custom");

/** The keys that were added to a group since it was made. */
export class AddedKeys {
  readonly #keys = new Set<string>();
  #live: object = this;

  /**
   * An object without properties. An assignment to a key that it lacks goes through its prototype, which notes the key: looking through
   * all keys at every step would take longer than a small step.
   */
  makeObject(): object {
    const keys = this.#keys;
    const prototype = new Proxy(
      Object.create(Object.prototype, { [inspect]: { value: showValues, writable: true, configurable: true } }) as object,
      {
        set: (_, key, value, receiver) => {
          keys.add(String(key));
          return Reflect.defineProperty(receiver as object, key, { value, writable: true, enumerable: true, configurable: true });
        },
      },
    );
    this.#live = Object.create(prototype) as object;
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

/** Values in the place of accessors, for console.log. */
function showValues(this: object): object {
  return { ...this };
}

/** Whether a key of any group, a caller's own too, can be assigned. */
export function canWrite(group: object, key: string): boolean {
  const own = Object.getOwnPropertyDescriptor(group, key);
  if (own === undefined) return Object.isExtensible(group);
  return own.writable ?? (own.set !== undefined && !Object.isFrozen(group));
}
