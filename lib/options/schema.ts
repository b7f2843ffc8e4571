// Options as data: each with its default, and how a value is read.
import type { Kind } from "./kinds";

/** One option: its default in canonical form, and how a value is read. */
export interface Option<T> {
  readonly fallback: T;
  readonly read: (value: unknown, key: string) => T;
}

export const option = <T>(fallback: T, read: Kind<T>): Option<T> => ({ fallback, read });

/** An option that `begin` fills in. */
export const withoutDefault = <T>(read: Kind<T>): Option<T> => ({ fallback: undefined as T, read });

export type Schema = Readonly<Record<string, Option<unknown>>>;

/** The schema of some options. */
export type SchemaOf<O> = { readonly [K in keyof O]-?: Option<O[K]> };

/** The values of options. */
export type Values<S> = { -readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never };

/** The defaults of a schema. Options without one are absent. */
export const defaultsOf = <S extends Schema>(schema: S): Values<S> =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(schema)
        .filter(([, { fallback }]) => fallback !== undefined)
        .map(([key, { fallback }]) => [key, fallback]),
    ),
  ) as Values<S>;

/** Every option in canonical form: what is given, checked, and `defaults` (canonical already) for the rest. */
export function readSchema<O extends object>(schema: SchemaOf<O>, given: object, defaults: O): O {
  const result = { ...defaults };
  for (const key of Object.keys(schema) as (keyof O & string)[]) {
    const value = (given as O)[key];
    if (value !== undefined) result[key] = schema[key].read(value, key);
  }
  return result;
}
