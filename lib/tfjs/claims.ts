// Which variable loaded state belongs to. Names change with every model that a process makes.
import type { Variable } from "@tensorflow/tfjs-core";
import { tf } from "./core";
import { refuse } from "./saved";

/** What the optimizer keeps for one variable. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whose state it is; null: state that was loaded, and that no variable has claimed yet. */
  readonly variable: Variable | null;
  /** m, v, and with amsgrad the largest v. Empty before the first update. */
  arrays: readonly Float32Array[];
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean => tf.util.arraysEqual([...a], [...b]);

const listed = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;

/** A name without the number that tfjs adds where the name was taken: that of a model which is loaded by the process that made it. */
const plainName = (name: string) => name.replace(/_\d+$/, "");

/** State by another form of its names; undefined where two of them become one. */
function renamed(loaded: ReadonlyMap<string, Slot>, form: (name: string) => string): Map<string, Slot> | undefined {
  const slots = new Map([...loaded].map(([name, slot]) => [form(name), slot]));
  return slots.size === loaded.size ? slots : undefined;
}

type Pairs = [Variable, Slot][];

/** Variables and the state of their names, where each has one, or (thawed layers) where all of the state finds its variable. */
function pairByName(
  variables: readonly Variable[],
  loaded: ReadonlyMap<string, Slot>,
  form: (name: string) => string,
  thawed: boolean,
): Pairs | undefined {
  const slots = renamed(loaded, form);
  if (slots === undefined || new Set(variables.map(({ name }) => form(name))).size !== variables.length) return undefined;
  const pairs = variables.flatMap((variable): Pairs => {
    const slot = slots.get(form(variable.name));
    return slot === undefined ? [] : [[variable, slot]];
  });
  return pairs.length === (thawed ? loaded.size : variables.length) ? pairs : undefined;
}

const asItIs = (name: string) => name;

/**
 * The state of new variables: by name where each has state of its name, else by name without tfjs' numbers, else in order where there is
 * as much state as there are variables. Where all of the state is some of the variables', the others are new to training.
 */
export function claim(variables: readonly Variable[], loaded: ReadonlyMap<string, Slot>): Map<Variable, Slot> {
  if (loaded.size === 0 || variables.length === 0) return new Map();
  const slots = [...loaded.values()];
  const inOrder = (): Pairs | undefined =>
    slots.length === variables.length ? variables.map((variable, i) => [variable, slots[i] as Slot]) : undefined;
  const pairs =
    pairByName(variables, loaded, asItIs, false) ??
    pairByName(variables, loaded, plainName, false) ??
    inOrder() ??
    pairByName(variables, loaded, asItIs, true) ??
    pairByName(variables, loaded, plainName, true);
  if (pairs === undefined) {
    const [saved, wanted] = [slots, variables].map((list) => `${list.length} (${listed(list.map(({ name }) => name))})`);
    throw refuse(`The loaded state is that of other variables: there are ${saved} in it, and ${wanted} to update`);
  }
  for (const [{ name, shape }, slot] of pairs) {
    if (sameShape(slot.shape, shape)) continue;
    const shapes = `${slot.name} of [${slot.shape.join(", ")}] does not fit ${name} of [${shape.join(", ")}]`;
    throw refuse(`The loaded state is that of other variables: ${shapes}`);
  }
  return new Map(pairs);
}
