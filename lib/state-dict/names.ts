// The names of parameters, under PyTorch's key `param_names`.
import { isArray } from "../errors";
import type { TrackedParameter } from "../step/tracked-parameter";

export type Name = string | null;

/** The names of a group's parameters; none where no parameter has one. */
export function namesOf(parameters: readonly TrackedParameter[]): Name[] | undefined {
  const names = parameters.map((tracked): Name => {
    const name: unknown = tracked.read("name");
    return typeof name === "string" ? name : null;
  });
  return names.some((name) => name !== null) ? names : undefined;
}

/** The saved names of a group; undefined where there are none, null where they are no list of that length. */
export function readNames(names: unknown, count: number): Name[] | undefined | null {
  if (names === undefined || names === null) return undefined;
  const isName = (name: unknown): name is Name => name === null || typeof name === "string";
  return isArray(names) && names.length === count && names.every(isName) ? names : null;
}
