// Which parameter of a file is which of an optimizer's: by name where both sides have one, else by place in the group.
import { plainError } from "../errors";
import type { Group } from "../groups/group";
import { namesOf, readNames, type StateDict } from "../state-dict";
import { quote } from "./safetensors";

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

/**
 * Puts the `params` of each group of a dict, whose layout is checked already, into the order of the optimizer's own parameters. Returns
 * whether any has moved.
 *
 * A name that stands once in the group on both sides is followed wherever it is. The others, unnamed or named alike, keep their
 * order among themselves; where two names meet that way, they must be the same.
 */
export function followNames<O extends object>(groups: readonly Group<O>[], { param_groups }: StateDict): boolean {
  let moved = false;
  groups.forEach(({ parameters }, index) => {
    const saved = param_groups[index] as StateDict["param_groups"][number];
    const theirs = readNames(saved["param_names"], parameters.length);
    if (theirs === null) throw refuse(`param_groups[${index}].param_names must be ${parameters.length} names`);
    const ours = namesOf(parameters);
    if (theirs === undefined || ours === undefined) return;
    const places = placesOf(ours, theirs, index);
    moved ||= places.some((place, k) => place !== k);
    saved.params = places.map((place) => saved.params[place] as number);
  });
  return moved;
}

type Name = string | null;

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
