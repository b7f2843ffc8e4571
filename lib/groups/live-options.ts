// The options of a group behind accessors: what is assigned is checked at once, and the next step uses what was read.
import { typeError } from "../errors";
import type { Rule } from "../rule/rule";

/** An option with several values as a caller sees it: a copy, which may be changed in place. */
interface Exposed<O> {
  readonly key: keyof O & string;
  copy: object;
}

const copyOf = (value: object): object => (Array.isArray(value) ? [...(value as unknown[])] : { ...value });

/** Whether two arrays, or two objects without arrays, hold the same. */
function isSame(a: object, b: object): boolean {
  if (!Array.isArray(a)) return hasSameValues(a, b);
  const other = b as unknown[];
  if (a.length !== other.length) return false;
  for (let i = 0; i < a.length; ++i) {
    if (a[i] !== other[i]) return false;
  }
  return true;
}

function hasSameValues(a: object, b: object): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key as never] === b[key as never]);
}

/** The options behind a group, for schedules. */
const behind = new WeakMap<object, LiveOptions<object>>();

/**
 * Writes options of a group as a schedule does. PyTorch's OneCycleLR can give a negative lr, which PyTorch does not check. Here the
 * next step throws for it.
 */
export function writeScheduled(group: object, values: object): void {
  const options = behind.get(group);
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    if (options === undefined || !options.has(key)) Object.assign(group, { [key]: value });
    else options.write(key as never, value);
  }
}

export class LiveOptions<O extends object> {
  /** In canonical form. */
  readonly values: O;
  /** Whether a value has changed since this was last set to false. */
  changed = false;
  readonly #schema: Rule<O>["options"];
  readonly #exposed: Exposed<O>[] = [];
  /** Values that a schedule wrote and that are out of range. The next step refuses them. */
  readonly #refused = new Map<keyof O & string, unknown>();

  constructor(schema: Rule<O>["options"], values: O) {
    this.#schema = schema;
    this.values = { ...values };
    for (const key of Object.keys(schema) as (keyof O & string)[]) this.#expose(key);
  }

  /** Defines an accessor for every option. */
  define(target: object): void {
    for (const key of Object.keys(this.#schema) as (keyof O & string)[]) {
      Object.defineProperty(target, key, {
        enumerable: true,
        get: () => this.#valueOf(key),
        set: (next: unknown) => {
          if (Object.isFrozen(target))
            throw typeError("ERR_INVALID_OPTION", `This param group is frozen: ${key} cannot be changed`);
          this.#store(key, next);
          this.#refused.delete(key);
          this.#expose(key);
        },
      });
    }
    behind.set(target, this as unknown as LiveOptions<object>);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#schema, key);
  }

  /** Writes a value. If it is out of range, the next step refuses it. */
  write(key: keyof O & string, value: unknown): void {
    const exposed = this.#exposed.find((one) => one.key === key);
    if (exposed !== undefined) {
      exposed.copy = copyOf(value as object); // read with the next step
      return;
    }
    this.#refused.delete(key);
    try {
      this.#store(key, value);
    } catch {
      this.#refused.set(key, value);
    }
  }

  #valueOf(key: keyof O & string): unknown {
    if (this.#refused.size > 0 && this.#refused.has(key)) return this.#refused.get(key);
    return this.#exposed.find((one) => one.key === key)?.copy ?? this.values[key];
  }

  /** Makes the copy that a caller sees, where an option holds several values. */
  #expose(key: keyof O & string): void {
    const at = this.#exposed.findIndex((one) => one.key === key);
    if (at >= 0) this.#exposed.splice(at, 1);
    const value: unknown = this.values[key];
    if (typeof value === "object" && value !== null) this.#exposed.push({ key, copy: copyOf(value) });
  }

  #store(key: keyof O & string, next: unknown): void {
    const value = this.#schema[key].read(next, key);
    if (Object.is(value, this.values[key])) return;
    this.values[key] = value;
    this.changed = true;
  }

  /** Reads what was changed in place. Throws where a value is invalid. */
  read(): void {
    if (this.#refused.size > 0) for (const [key, value] of this.#refused) this.#store(key, value);
    for (let i = 0; i < this.#exposed.length; ++i) {
      const { key, copy } = this.#exposed[i] as Exposed<O>;
      if (isSame(copy, this.values[key] as object)) continue;
      this.#store(key, copy);
      if (!isSame(copy, this.values[key] as object)) this.#expose(key); // what was deleted has its default again
    }
  }

  /** Takes over values that were checked. */
  assign(values: O): void {
    Object.assign(this.values, values);
    this.#refused.clear();
    for (const key of Object.keys(this.#schema) as (keyof O & string)[]) this.#expose(key);
    this.changed = false;
  }
}
