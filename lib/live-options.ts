// The options of a group behind accessors: what is assigned is checked at once, and the next step uses what was read.
import type { Rule } from "./rule";

/** The array of an option as a caller sees it: a copy, whose numbers may be changed in place. */
interface Exposed<O> {
  readonly key: keyof O & string;
  copy: readonly number[];
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; ++i) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** The options behind a group, for schedules. */
const behind = new WeakMap<object, LiveOptions<object>>();

/**
 * Writes options of a group as a schedule does. PyTorch's OneCycleLR can give a negative lr, and PyTorch checks it nowhere: a value
 * that cannot be is written as well, and refused by the next step.
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
  readonly #arrays: Exposed<O>[] = [];
  /** Values of a schedule that cannot be, which the next step refuses. */
  readonly #refused = new Map<keyof O & string, unknown>();

  constructor(schema: Rule<O>["options"], values: O) {
    this.#schema = schema;
    this.values = { ...values };
  }

  /** Defines an accessor for every option. */
  define(target: object): void {
    for (const key of Object.keys(this.#schema) as (keyof O & string)[]) {
      const value = this.values[key];
      const exposed = Array.isArray(value) ? this.#expose(key) : undefined;
      Object.defineProperty(target, key, {
        enumerable: true,
        get: exposed === undefined ? () => this.#valueOf(key) : () => exposed.copy,
        set: (next: unknown) => {
          this.#store(key, next);
          this.#refused.delete(key);
          if (exposed !== undefined) exposed.copy = [...(this.values[key] as readonly number[])];
        },
      });
    }
    behind.set(target, this as unknown as LiveOptions<object>);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#schema, key);
  }

  /** Writes a value, also one that cannot be. */
  write(key: keyof O & string, value: unknown): void {
    const exposed = this.#arrays.find((one) => one.key === key);
    if (exposed !== undefined) {
      exposed.copy = [...(value as readonly number[])]; // read with the next step
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
    return this.#refused.size > 0 && this.#refused.has(key) ? this.#refused.get(key) : this.values[key];
  }

  #expose(key: keyof O & string): Exposed<O> {
    const exposed = { key, copy: [...(this.values[key] as readonly number[])] };
    this.#arrays.push(exposed);
    return exposed;
  }

  #store(key: keyof O & string, next: unknown): void {
    const value = this.#schema[key].read(next, key);
    if (Object.is(value, this.values[key])) return;
    this.values[key] = value;
    this.changed = true;
  }

  /** Reads arrays whose numbers were changed in place; throws where a value cannot be. */
  read(): void {
    if (this.#refused.size > 0) for (const [key, value] of this.#refused) this.#store(key, value);
    for (let i = 0; i < this.#arrays.length; ++i) {
      const { key, copy } = this.#arrays[i] as Exposed<O>;
      if (!sameNumbers(copy, this.values[key] as readonly number[])) this.#store(key, copy);
    }
  }

  /** Takes over values that were checked. */
  assign(values: O): void {
    Object.assign(this.values, values);
    this.#refused.clear();
    for (const exposed of this.#arrays) exposed.copy = [...(this.values[exposed.key] as readonly number[])];
    this.changed = false;
  }
}
