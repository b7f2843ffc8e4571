// The options of a group behind accessors: what is assigned is checked at once, and the next step uses what was read.
import { typeError } from "../errors";
import type { Rule } from "../rule/rule";
import { Given } from "./live-group";

/** An option with several values as a caller sees it: a copy, which may be changed in place. */
interface Exposed<O> {
  readonly key: keyof O & string;
  /** The value that a step uses: access by this name is quicker than by key. */
  value: object;
  copy: object;
  /** What a schedule wrote in the place of the copy's first number, where nobody has looked at it since. */
  first: number;
  isWritten: boolean;
}

const copyOf = (value: object): object => (Array.isArray(value) ? [...(value as unknown[])] : { ...value });

/** The copy, as a schedule has changed it: always a new array then. */
function copyIn<O>(exposed: Exposed<O>): object {
  if (exposed.isWritten) {
    exposed.copy = [exposed.first, ...(exposed.copy as unknown[]).slice(1)];
    exposed.isWritten = false;
  }
  return exposed.copy;
}

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

/** Puts the options behind a group where nobody else sees them. */
class Behind extends Given {
  readonly #options: LiveOptions<object>;

  constructor(group: object, options: LiveOptions<object>) {
    super(group);
    this.#options = options;
  }

  static of(group: object): LiveOptions<object> | undefined {
    return #options in group ? group.#options : undefined;
  }
}

/** The group that an accessor was called on: an object may inherit from one. */
function groupBelow(target: object): object {
  let at = target;
  while (Behind.of(at) === undefined) at = Object.getPrototypeOf(at) as object;
  return at;
}

/** What is behind a group; undefined for an object that is none of ours. */
export const optionsBehind = (group: object): LiveOptions<object> | undefined => Behind.of(group);

export class LiveOptions<O extends object> {
  /** In canonical form. */
  readonly values: O;
  /** Whether a value has changed since this was last set to false. */
  changed = false;
  readonly schema: Rule<O>["options"];
  readonly #exposed: Exposed<O>[] = [];
  /** Values that a schedule wrote and that are out of range. The next step refuses them. */
  readonly #refused = new Map<keyof O & string, unknown>();

  constructor(schema: Rule<O>["options"], values: O) {
    this.schema = schema;
    this.values = { ...values };
    for (const key of Object.keys(schema) as (keyof O & string)[]) this.#expose(key);
  }

  /** Defines an accessor for every option. */
  define(target: object): void {
    Object.defineProperties(target, accessorsOf(this.schema));
    new Behind(target, this as unknown as LiveOptions<object>);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.schema, key);
  }

  /** Writes a value, which nobody else keeps. If it is out of range, the next step refuses it. */
  write(key: keyof O & string, value: unknown): void {
    const exposed = this.#exposedAs(key);
    if (exposed !== undefined) {
      exposed.copy = value as object; // read with the next step
      exposed.isWritten = false;
      return;
    }
    if (this.#refused.size > 0) this.#refused.delete(key);
    try {
      this.#store(key, value);
    } catch {
      this.#refused.set(key, value);
    }
  }

  /** Writes the first number of an option that is a list. The list is made when somebody looks at it, or with the next step. */
  writeFirst(key: keyof O & string, value: number): void {
    const exposed = this.#exposedAs(key) as Exposed<O>;
    exposed.first = value;
    exposed.isWritten = true;
  }

  /** What a caller sees. */
  show(key: keyof O & string): unknown {
    if (this.#refused.size > 0 && this.#refused.has(key)) return this.#refused.get(key);
    const exposed = this.#exposedAs(key);
    return exposed === undefined ? this.values[key] : copyIn(exposed);
  }

  #exposedAs(key: keyof O & string): Exposed<O> | undefined {
    for (let i = 0; i < this.#exposed.length; ++i) {
      if (this.#exposed[i]?.key === key) return this.#exposed[i];
    }
    return undefined;
  }

  /** Takes what a caller assigned. */
  set(key: keyof O & string, next: unknown): void {
    this.#store(key, next);
    if (this.#refused.size > 0) this.#refused.delete(key);
    this.#expose(key);
  }

  /** Makes the copy that a caller sees, where an option holds several values. */
  #expose(key: keyof O & string): void {
    const at = this.#exposed.findIndex((one) => one.key === key);
    if (at >= 0) this.#exposed.splice(at, 1);
    const value: unknown = this.values[key];
    if (typeof value !== "object" || value === null) return;
    this.#exposed.push({ key, value, copy: copyOf(value), first: 0, isWritten: false });
  }

  #store(key: keyof O & string, next: unknown): void {
    const value = this.schema[key].read(next, key);
    if (Object.is(value, this.values[key])) return;
    this.values[key] = value;
    this.changed = true;
  }

  /** Reads what was changed in place. Throws where a value is invalid. */
  read(): void {
    if (this.#refused.size > 0) for (const [key, value] of this.#refused) this.#store(key, value);
    for (let i = 0; i < this.#exposed.length; ++i) {
      const exposed = this.#exposed[i] as Exposed<O>;
      const copy = copyIn(exposed);
      if (isSame(copy, exposed.value)) continue;
      const { key } = exposed;
      this.#store(key, copy);
      exposed.value = this.values[key] as object;
      if (!isSame(copy, exposed.value)) this.#expose(key); // what was deleted has its default again
    }
  }

  /** Takes over values that were checked. */
  assign(values: O): void {
    Object.assign(this.values, values);
    this.#refused.clear();
    for (const key of Object.keys(this.schema) as (keyof O & string)[]) this.#expose(key);
    this.changed = false;
  }
}

/** The accessors for a schema: all groups share them, and so V8 gives them one shape. */
const accessors = new WeakMap<object, PropertyDescriptorMap>();

function accessorsOf(schema: object): PropertyDescriptorMap {
  const known = accessors.get(schema);
  if (known !== undefined) return known;
  const made = Object.fromEntries(Object.keys(schema).map((key) => [key, accessor(key as never)]));
  accessors.set(schema, made);
  return made;
}

function accessor(key: never): PropertyDescriptor {
  return {
    enumerable: true,
    get(this: object) {
      return (Behind.of(this) ?? Behind.of(groupBelow(this)))?.show(key);
    },
    set(this: object, next: unknown) {
      const group = groupBelow(this);
      if (Object.isFrozen(group)) {
        throw typeError("ERR_INVALID_OPTION", `This param group is frozen: ${String(key)} cannot be changed`);
      }
      Behind.of(group)?.set(key, next);
    },
  };
}
