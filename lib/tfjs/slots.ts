// The state of variables, by their names.
import type { Optimizer, Variable } from "@tensorflow/tfjs-core";
import { describe, lengthOf, typeError } from "../errors";
import { tf } from "./core";

/** A tensor as tfjs saves it. */
export type NamedTensor = Parameters<Optimizer["setWeights"]>[0][number];

/** What the optimizer keeps for one variable. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whose state it is; null: state that was loaded, and that no variable has claimed yet. */
  readonly variable: Variable | null;
  /** m, v, and with amsgrad the largest v. Empty before the first update. */
  arrays: readonly Float32Array[];
}

/** A state array to be saved, or as it was saved. */
export interface SavedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** TensorFlow's names of the state arrays, in the order of `Slot.arrays`. */
const suffixes = ["m", "v", "vhat"];

const listed = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;

const sameShape = (a: readonly number[], b: readonly number[]): boolean => tf.util.arraysEqual([...a], [...b]);

const refuse = (message: string) => typeError("ERR_STATE_DICT", message);

export class Slots {
  readonly #count: number;
  #slots = new Map<string, Slot>();
  #loaded = new Map<string, Slot>();

  /** @param count how many arrays each slot has */
  constructor(count: number) {
    this.#count = count;
  }

  /**
   * The slots of variables. New variables take over what was loaded: by name where all of them are named there, else in order, as names
   * change with every model that a process makes. Nothing changes before `keep`.
   */
  of(variables: readonly Variable[]): Slot[] {
    const known = variables.map((variable) => {
      const slot = this.#slots.get(variable.name);
      return slot?.variable === variable ? slot : undefined;
    });
    const claims = this.#claims(variables.filter((_, i) => known[i] === undefined));
    return variables.map((variable, i) => {
      const { name, shape } = variable;
      return known[i] ?? { name, shape, variable, arrays: claims.get(variable)?.arrays ?? [] };
    });
  }

  #claims(variables: readonly Variable[]): Map<Variable, Slot> {
    const loaded = [...this.#loaded.values()];
    if (loaded.length === 0 || variables.length === 0) return new Map();
    const byName = variables.every(({ name }) => this.#loaded.has(name));
    if (!byName && loaded.length !== variables.length) {
      const [saved, wanted] = [loaded, variables].map((list) => `${list.length} (${listed(list.map(({ name }) => name))})`);
      throw refuse(`The loaded state is that of other variables: there are ${saved} in it, and ${wanted} to update`);
    }
    return new Map(
      variables.map((variable, i) => {
        const slot = (byName ? this.#loaded.get(variable.name) : loaded[i]) as Slot;
        if (sameShape(slot.shape, variable.shape)) return [variable, slot];
        const shapes = `${slot.name} of [${slot.shape.join(", ")}] does not fit ${variable.name} of [${variable.shape.join(", ")}]`;
        throw refuse(`The loaded state is that of other variables: ${shapes}`);
      }),
    );
  }

  /** Keeps slots that were made by `of`. */
  keep(slots: readonly Slot[]): void {
    const claimed = new Set(slots.map(({ arrays }) => arrays));
    for (const slot of slots) this.#slots.set(slot.name, slot);
    for (const [name, { arrays }] of this.#loaded) if (claimed.has(arrays)) this.#loaded.delete(name);
  }

  /** All state, in tfjs' order: every m, every v, every largest v. Variables that were never updated have zeros. */
  save(): SavedArray[] {
    const slots = [...this.#slots.values(), ...this.#loaded.values()];
    return suffixes.slice(0, this.#count).flatMap((suffix, k) =>
      slots.map(({ name, shape, arrays }) => {
        const values = arrays[k] ?? new Float32Array(tf.util.sizeFromShape([...shape]));
        return { name: `${name}/${suffix}`, shape, values };
      }),
    );
  }

  /** Takes over saved state, in the place of all that there is. Throws, and changes nothing, where it is not this optimizer's. */
  load(saved: readonly SavedArray[]): void {
    const loaded = new Map<string, Slot>();
    for (const { name, shape, values } of saved) {
      const cut = name.lastIndexOf("/");
      const [variable, k] = [name.slice(0, cut), suffixes.indexOf(name.slice(cut + 1))];
      if (cut < 0 || k < 0 || k >= this.#count) {
        const wanted = suffixes.slice(0, this.#count).map((suffix) => `"…/${suffix}"`);
        throw refuse(
          `These are not weights of this optimizer: their names end in ${wanted.join(", ")}, not ${JSON.stringify(name)}`,
        );
      }
      const slot = loaded.get(variable) ?? { name: variable, shape, variable: null, arrays: [] };
      if (slot.arrays.length !== k || !sameShape(slot.shape, shape) || lengthOf(values) !== tf.util.sizeFromShape([...shape])) {
        throw refuse(`These weights do not fit together: ${JSON.stringify(name)} is missing its like, or has another shape`);
      }
      loaded.set(variable, { ...slot, arrays: [...slot.arrays, values] });
    }
    const short = [...loaded.values()].find(({ arrays }) => arrays.length !== this.#count);
    if (short !== undefined)
      throw refuse(`These weights have no ${JSON.stringify(`${short.name}/${suffixes[short.arrays.length]}`)}`);
    this.#slots = new Map();
    this.#loaded = loaded;
  }

  clear(): void {
    this.#slots.clear();
    this.#loaded.clear();
  }
}

/** Reads tensors as tfjs saves them. */
export async function readSaved(weights: readonly NamedTensor[]): Promise<SavedArray[]> {
  return Promise.all(
    weights.map(async ({ name, tensor }) => {
      if (!(tensor instanceof tf.Tensor)) throw refuse(`${JSON.stringify(name)} must be a tensor, got ${describe(tensor)}`);
      if (tensor.dtype !== "float32") throw refuse(`${JSON.stringify(name)} must have the dtype float32, not ${tensor.dtype}`);
      return { name, shape: [...tensor.shape], values: new Float32Array(await tensor.data<"float32">()) };
    }),
  );
}
