// Which parameter of a file is which of an optimizer's: by name where both sides have one, else by place in the group.
import { plainError } from "../errors";
import type { Group } from "../groups/group";
import type { TrackedParameter } from "../step/tracked-parameter";
import type { StateDict } from "../state-dict";
import { quote } from "./safetensors";

type Name = string | null;

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

/** The names of a group's parameters, under PyTorch's key; none where no parameter has one. */
export function namesOf(parameters: readonly TrackedParameter[]): Name[] | undefined {
  const names = parameters.map(({ parameter }): Name => {
    const name: unknown = parameter.name;
    return typeof name === "string" ? name : null;
  });
  return names.some((name) => name !== null) ? names : undefined;
}

/**
 * Puts the `params` of each group of a dict, whose layout is checked already, into the order of the optimizer's own parameters.
 *
 * A name that stands once in the group on both sides is followed wherever it is. The others, unnamed or named alike, keep their
 * order among themselves; where two names meet that way, they must be the same.
 */
export function followNames<O extends object>(groups: readonly Group<O>[], { param_groups }: StateDict): void {
  groups.forEach(({ parameters }, index) => {
    const saved = param_groups[index] as StateDict["param_groups"][number];
    const theirs = readNames(saved["param_names"], parameters.length, index);
    const ours = namesOf(parameters);
    if (theirs === undefined || ours === undefined) return;
    saved.params = placesOf(ours, theirs, index).map((place) => saved.params[place] as number);
  });
}

function readNames(names: unknown, count: number, index: number): Name[] | undefined {
  if (names === undefined || names === null) return undefined;
  const isName = (name: unknown): name is Name => name === null || typeof name === "string";
  if (Array.isArray(names) && names.length === count && names.every(isName)) return names;
  throw refuse(`param_groups[${index}].param_names must be ${count} names`);
}

/** The place of every name that stands only once. */
function uniquePlaces(names: readonly Name[]): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  names.forEach((name, place) => {
    if (name === null) return;
    if (places.has(name)) repeated.add(name);
    places.set(name, place);
  });
  for (const name of repeated) places.delete(name);
  return places;
}

function placesOf(ours: readonly Name[], theirs: readonly Name[], index: number): number[] {
  const here = uniquePlaces(ours);
  const there = uniquePlaces(theirs);
  const found = ours.map((name) => (name !== null && here.has(name) ? there.get(name) : undefined));
  const taken = new Set(found);
  const rest = theirs.map((_, place) => place).filter((place) => !taken.has(place));
  let next = 0;
  return found.map((place, k) => {
    if (place !== undefined) return place;
    const left = rest[next++] as number;
    const [name, other] = [ours[k] as Name, theirs[left] as Name];
    if (name !== null && other !== null && name !== other) {
      const advice = "give both the same name, or one of them none";
      const instead = `the file has ${quote(other)} in its place`;
      throw refuse(`param_groups[${index}] has no parameter ${quote(name)}: ${instead}; ${advice}`);
    }
    return left;
  });
}
