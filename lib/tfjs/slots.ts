// The state of variables, by their names.
import type { Variable } from "@tensorflow/tfjs-core";
import { lengthOf } from "../errors";
import { tf } from "./core";
import { claim, sameShape, type Slot } from "./claims";
import { refuse, type SavedArray } from "./saved";

/** TensorFlow's names of the state arrays, in the order of `Slot.arrays`. */
const suffixes = ["m", "v", "vhat"];

export class Slots {
  readonly #count: number;
  #slots = new Map<string, Slot>();
  #loaded = new Map<string, Slot>();
  /** The variables that claimed state of the same load as what is still there. */
  readonly #claimants = new Set<Variable>();

  /** @param count how many arrays each slot has */
  constructor(count: number) {
    this.#count = count;
  }

  /** The slots of variables. New variables claim what was loaded. Nothing changes before `keep`. */
  of(variables: readonly Variable[]): Slot[] {
    const known = variables.map((variable) => {
      const slot = this.#slots.get(variable.name);
      return slot?.variable === variable ? slot : undefined;
    });
    if (this.#loaded.size > 0) this.#letGo();
    const fresh = this.#loaded.size === 0 ? [] : variables.filter((_, i) => known[i] === undefined);
    const claims = claim(fresh, this.#loaded);
    return variables.map((variable, i) => {
      const { name, shape } = variable;
      return known[i] ?? { name, shape, variable, arrays: claims.get(variable)?.arrays ?? [] };
    });
  }

  /** Keeps slots that were made by `of`, and lets go of those whose variables were disposed. */
  keep(slots: readonly Slot[]): void {
    for (const slot of slots) this.#slots.set(slot.name, slot);
    this.#letGo();
    if (this.#loaded.size === 0) return;
    const claimed = new Map(slots.map(({ arrays, variable }) => [arrays, variable]));
    for (const [name, { arrays }] of this.#loaded) {
      const variable = claimed.get(arrays);
      if (variable === undefined || variable === null) continue;
      this.#loaded.delete(name);
      this.#claimants.add(variable);
    }
  }

  /** Lets go of the state of disposed variables, and of what was loaded for a model whose variables are all disposed. */
  #letGo(): void {
    for (const [name, { variable }] of this.#slots) if (variable?.isDisposed === true) this.#slots.delete(name);
    if (this.#claimants.size === 0 || [...this.#claimants].some(({ isDisposed }) => !isDisposed)) return;
    this.#claimants.clear();
    this.#loaded.clear();
  }

  /** All state, in tfjs' order: every m, every v, every largest v. Variables that were never updated have zeros. */
  save(): SavedArray[] {
    this.#letGo();
    const slots = [...this.#slots.values(), ...this.#loaded.values()];
    return suffixes.slice(0, this.#count).flatMap((suffix, k) =>
      slots.map(({ name, shape, arrays }) => {
        const values = arrays[k] ?? new Float32Array(tf.util.sizeFromShape([...shape]));
        return { name: `${name}/${suffix}`, shape, values };
      }),
    );
  }

  /**
   * Takes over saved state, in the place of all that there is. Throws, and changes nothing, where it is not this optimizer's, which
   * `check` may find as well.
   */
  load(saved: readonly SavedArray[], check: () => void): void {
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
    check();
    this.#claimants.clear();
    this.#slots = new Map();
    this.#loaded = loaded;
  }

  clear(): void {
    this.#claimants.clear();
    this.#slots.clear();
    this.#loaded.clear();
  }
}
