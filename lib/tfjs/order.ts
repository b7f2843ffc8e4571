// State and variables of other names are paired in their order, if nothing speaks against it: as of a model that is built by code again.
import type { Variable } from "@tensorflow/tfjs-core";
import type { Claim, Pairs } from "./pairing";
import { isTelling, numbersIn, pattern, sameShape } from "./names";
import { refuseShape, refuseState, type Slot } from "./slot";

interface Named {
  readonly name: string;
}

const listed = (list: readonly Named[]): string => {
  const names = list.map(({ name }) => name);
  return names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
};

/** Places of names by their patterns. */
function placesByPattern(list: readonly Named[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  list.forEach(({ name }, place) => {
    const others = places.get(pattern(name));
    if (others === undefined) places.set(pattern(name), [place]);
    else others.push(place);
  });
  return places;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((number, i) => number !== b[i]);
  return differing < 0 ? 0 : (a[differing] as number) - (b[differing] as number);
}

/** Places in the order of the numbers in their names. */
const ranked = (list: readonly Named[], places: readonly number[]): number[] =>
  [...places].sort((a, b) => compareNumbers(numbersIn((list[a] as Named).name), numbersIn((list[b] as Named).name)));

const isSame = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((place, i) => place === b[i]);

/** Whether names of one pattern stand at other places, or are numbered in another order. */
function contradicts(variables: readonly Named[], slots: readonly Named[]): boolean {
  const saved = placesByPattern(slots);
  for (const [key, own] of placesByPattern(variables)) {
    const there = saved.get(key);
    if (there !== undefined && !(isSame(own, there) && isSame(ranked(variables, own), ranked(slots, there)))) return true;
  }
  return false;
}

/** Whether a variable that may be frozen is like one that state was saved of: it may be the one. */
function hasFrozenLike({ slots, living, mayBeFrozen }: Claim): boolean {
  const saved = placesByPattern(slots);
  return living.all.some(
    (variable) =>
      isTelling(variable.name) &&
      mayBeFrozen(variable) &&
      (saved.get(pattern(variable.name)) ?? []).some((place) => sameShape((slots[place] as Slot).shape, variable.shape)),
  );
}

/** @param areRelated whether names tell of some state whose it is, and of other state nothing */
export function pairInOrder(given: Claim, areRelated: boolean): Pairs {
  const { variables, slots } = given;
  const [saved, wanted] = [slots, variables].map((list) => `${list.length} (${listed(list)})`);
  if (slots.length !== variables.length) throw refuseState(`there are ${saved} in it, and ${wanted} to update`);
  const pairs = variables.map((variable, i): [Variable, Slot] => [variable, slots[i] as Slot]);
  const misfit = pairs.find(([{ shape }, slot]) => !sameShape(slot.shape, shape));
  if (misfit !== undefined) throw refuseShape(...misfit);
  if (!areRelated && !contradicts(variables, slots) && !hasFrozenLike(given)) return pairs;
  const advice = "give layers names of your own, or begin without this state";
  throw refuseState(`names do not tell which of ${saved} is whose of ${wanted}. In models built by code, ${advice}`);
}
