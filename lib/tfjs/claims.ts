// Which variable loaded state belongs to. Names change with every model that a process makes, and layers are frozen and thawed.
import type { Variable } from "@tensorflow/tfjs-core";
import type { Claim, Pairs } from "./pairing";
import { isTelling, plainName, sameShape } from "./names";
import { pairInOrder } from "./order";
import { refuseShape, type Slot } from "./slot";

/** Makes names comparable. */
type Keys = (names: readonly string[]) => readonly string[];

const asTheyAre: Keys = (names) => names;
const plain: Keys = (names) => names.map(plainName);

/** Plain names. Those that are one are told apart by their order. */
const counted: Keys = (names) => {
  const counts = new Map<string, number>();
  return plain(names).map((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return `${name} ${count}`;
  });
};

/** How names of state and of variables may correspond, the closest first. */
const forms: readonly (readonly [saved: Keys, own: Keys])[] = [
  [asTheyAre, asTheyAre],
  [asTheyAre, plain],
  [plain, asTheyAre],
  [counted, counted],
];

const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

/** Variables and state of corresponding names; undefined where two names become one. */
function pairByName({ variables, slots }: Claim, [saved, own]: (typeof forms)[number]): Pairs | undefined {
  const [savedKeys, ownKeys] = [saved(namesOf(slots)), own(namesOf(variables))];
  const byKey = new Map(slots.map((slot, i) => [savedKeys[i] as string, slot]));
  if (byKey.size !== slots.length || new Set(ownKeys).size !== ownKeys.length) return undefined;
  return variables.flatMap((variable, i) => {
    const slot = byKey.get(ownKeys[i] as string);
    return slot === undefined ? [] : [[variable, slot] as const];
  });
}

/** Lists by the plain names of what is in them. */
function byPlainName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const name = plainName(one.name);
    const others = groups.get(name);
    if (others === undefined) groups.set(name, [one]);
    else others.push(one);
  }
  return groups;
}

/**
 * Whether names that differ in their numbers alone may be paired in their order: not where one side has more of them, where one of them is
 * frozen, or where one still has the name of its state and others have those of their neighbours.
 */
function mayCount({ variables, slots, living, mayBeFrozen }: Claim): boolean {
  const groups = byPlainName(slots);
  for (const [name, own] of byPlainName(variables)) {
    const saved = groups.get(name);
    if (saved === undefined || (saved.length === 1 && own.length === 1)) continue;
    if (saved.length !== own.length) return false;
    if (living.named(name).some(mayBeFrozen)) return false;
    const names = new Set(namesOf(saved));
    const overlap = own.some((variable) => names.has(variable.name));
    const isOther = (variable: Variable) => names.has(variable.name) && !own.includes(variable);
    if (overlap && living.named(name).some(isOther)) return false;
  }
  return true;
}

/** State whose variable is frozen: it lives under the state's name and shape. */
const isOfFrozen = (slot: Slot, { living, mayBeFrozen }: Claim): boolean => living.related(slot).some(mayBeFrozen);

/** An assignment by names. */
interface ByName {
  readonly pairs: Pairs;
  /** How much state is left that is no frozen variable's. */
  readonly orphans: number;
  readonly misfit: Pairs[number] | undefined;
}

function assignByName(given: Claim, form: (typeof forms)[number]): ByName | undefined {
  const pairs = pairByName(given, form);
  if (pairs === undefined) return undefined;
  const taken = new Set(pairs.map(([, slot]) => slot));
  const orphans = given.slots.filter((slot) => !taken.has(slot) && !isOfFrozen(slot, given)).length;
  return { pairs, orphans, misfit: pairs.find(([variable, slot]) => !sameShape(variable.shape, slot.shape)) };
}

/**
 * The state of new variables: by name, as it is or without tfjs' numbers; by order where no name corresponds. Variables that no state is
 * of are new to training, if all other state is that of frozen variables. What cannot be decided is refused.
 */
export function claim(given: Claim): Map<Variable, Slot> {
  const { variables, slots, begun } = given;
  if (slots.length === 0 || variables.length === 0) return new Map();
  const canCount = mayCount(given);
  const found = (canCount ? forms : forms.slice(0, -1)).flatMap((form) => assignByName(given, form) ?? []);
  // After a first claim by name, the state that is left belongs to variables that are not in this step.
  const complete = found.filter(
    ({ pairs, orphans, misfit }) => misfit === undefined && (pairs.length === variables.length || orphans === 0 || begun),
  );
  const [best] = complete.sort((a, b) => b.pairs.length - a.pairs.length || a.orphans - b.orphans);
  if (best !== undefined) return new Map(best.pairs);
  const misfit = found.find((one) => one.misfit !== undefined)?.misfit;
  if (misfit !== undefined) throw refuseShape(...misfit);
  const isNamed = ({ pairs }: ByName) => pairs.some(([{ name }]) => isTelling(name));
  const areRelated = !canCount || found.some(isNamed) || slots.some((slot) => isOfFrozen(slot, given));
  return new Map(pairInOrder(given, areRelated));
}
