// What the package's own classes may see of an optimizer.
import { noteRule } from "../rule/rule";
import { Guard } from "./guard";
import type { ParameterGroups } from "./parameter-groups";

export { Guard };

export interface Internals {
  readonly groups: ParameterGroups<object>;
  readonly guard: Guard;
}

const internals = new WeakMap<object, Internals>();

export function noteInternals(optimizer: object, groups: ParameterGroups<object>, guard: Guard): void {
  internals.set(optimizer, { groups, guard });
  noteRule(optimizer, groups.rule);
}

/** The groups and the guard of an optimizer; undefined for an object that is no optimizer of this package. */
export const internalsOf = (optimizer: unknown): Internals | undefined => internals.get(optimizer as object);
