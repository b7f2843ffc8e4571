// The state of variables, by their names, in the order of the variables.
import type { Variable } from "@tensorflow/tfjs-core";
import { lengthOf } from "../errors";
import { claim } from "./claims";
import { tf } from "./core";
import { isAlive, Living, sameShape } from "./names";
import { merge } from "./place";
import { refuse, type SavedArray } from "./saved";
import type { Slot } from "./slot";

/** TensorFlow's names of the state arrays, in the order of `Slot.arrays`. */
const suffixes = ["m", "v", "vhat"];

/** Whose step a variable was in first. Those of a model that state was saved of have another optimizer. */
const trainers = new WeakMap<Variable, Slots>();

const emptySlot = (variable: Variable): Slot => ({ name: variable.name, shape: variable.shape, variable, arrays: [] });

export class Slots {
  readonly #count: number;
  /** By the names of variables. */
  readonly #slots = new Map<string, Slot>();
  /** All, with state that was loaded and that no variable has claimed. */
  #ordered: readonly Slot[] = [];
  /** How many of them were loaded, and not claimed. */
  #loaded = 0;
  /** Slots of variables that had none, and the state that they claim, before the step is done. */
  #fresh: readonly Slot[] = [];
  readonly #claims = new Map<Slot, Slot>();
  /** The variables that claimed state of the same load as what is still there. */
  readonly #claimants = new Set<Variable>();

  /** @param count how many arrays each slot has */
  constructor(count: number) {
    this.#count = count;
  }

  /** How many variables there is state of. */
  get size(): number {
    return this.#ordered.length;
  }

  /** How many elements they have. */
  get elements(): number {
    return this.#ordered.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
  }

  /** The slots of variables. New variables claim what was loaded. Nothing of that is kept before `keep`. */
  of(step: readonly { readonly variable: Variable }[]): Slot[] {
    this.#fresh = [];
    const slots = step.map(({ variable }) => this.#known(variable) ?? emptySlot(variable));
    if (slots.length > this.#slots.size || slots.some((slot) => this.#slots.get(slot.name) !== slot)) this.#begin(slots);
    return slots;
  }

  #known(variable: Variable): Slot | undefined {
    const slot = this.#slots.get(variable.name);
    return slot?.variable === variable ? slot : undefined;
  }

  /** Lets the new ones among the slots of a step claim what was loaded. */
  #begin(step: readonly Slot[]): void {
    this.#fresh = step.filter((slot) => this.#slots.get(slot.name) !== slot);
    this.#claims.clear();
    if (this.#loaded > 0) this.#letGo();
    if (this.#loaded === 0) return;
    const inStep = new Set(step.map(({ variable }) => variable));
    const claims = claim({
      variables: this.#fresh.map(({ variable }) => variable as Variable),
      slots: this.#ordered.filter(({ variable }) => variable === null),
      living: new Living(),
      mayBeFrozen: (variable) =>
        !inStep.has(variable) && this.#known(variable) === undefined && (trainers.get(variable) ?? this) === this,
      begun: this.#claimants.size > 0,
    });
    for (const slot of this.#fresh) {
      const claimed = claims.get(slot.variable as Variable);
      if (claimed === undefined) continue;
      slot.arrays = claimed.arrays;
      this.#claims.set(slot, claimed);
    }
  }

  /** Keeps slots that were made by `of`, and lets go of those whose variables were disposed. */
  keep(step: readonly Slot[]): void {
    if (this.#fresh.length > 0) this.#add(step);
    if (this.#ordered.length > step.length) this.#letGo();
  }

  #add(step: readonly Slot[]): void {
    const claimants = new Map([...this.#claims].map(([slot, claimed]) => [claimed, slot]));
    this.#ordered = merge(
      this.#ordered.map((slot) => claimants.get(slot) ?? slot),
      step,
    );
    this.#loaded -= claimants.size;
    for (const slot of this.#fresh) {
      const variable = slot.variable as Variable;
      this.#slots.set(slot.name, slot);
      if (!trainers.has(variable)) trainers.set(variable, this);
    }
    for (const { variable } of claimants.values()) this.#claimants.add(variable as Variable);
    if (this.#loaded === 0) this.#claimants.clear();
    this.#fresh = [];
    this.#claims.clear();
  }

  /**
   * Lets go of the state of disposed variables. State that none has claimed goes with the variable that it seemed to be of; where there
   * was none, or where it is disposed of, with the last of those that claimed state of the same load.
   */
  #letGo(): void {
    const isAbandoned = this.#claimants.size > 0 && ![...this.#claimants].some(isAlive);
    let living: Living | undefined;
    const stays = (slot: Slot): boolean => {
      if (slot.variable !== null) return isAlive(slot.variable);
      const { owner } = slot;
      if (owner === undefined) return !isAbandoned;
      if (isAlive(owner)) return true;
      if (isAbandoned) return false; // what comes under its name is of another model than the one that began with this state
      slot.owner = (living ??= new Living()).owner(slot, owner.id);
      // tf.disposeVariables() marks none as disposed: models are made anew then, and the state may be theirs.
      return slot.owner !== undefined || !owner.isDisposed;
    };
    const left = this.#ordered.filter(stays);
    if (isAbandoned) this.#claimants.clear();
    if (left.length === this.#ordered.length) return;
    const kept = new Set(left);
    for (const slot of this.#ordered) {
      if (kept.has(slot)) continue;
      if (slot.variable === null) this.#loaded -= 1;
      else if (this.#slots.get(slot.name) === slot) this.#slots.delete(slot.name);
    }
    this.#ordered = left;
  }

  /** All state, in tfjs' order: every m, every v, every largest v. Variables that were never updated have zeros. */
  save(): SavedArray[] {
    this.#letGo();
    return suffixes.slice(0, this.#count).flatMap((suffix, k) =>
      this.#ordered.map(({ name, shape, arrays }) => {
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
    const loaded = this.#read(saved);
    check();
    const living = new Living();
    for (const slot of loaded) slot.owner = living.owner(slot);
    this.clear();
    this.#ordered = loaded;
    this.#loaded = loaded.length;
  }

  #read(saved: readonly SavedArray[]): Slot[] {
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
    return [...loaded.values()];
  }

  clear(): void {
    this.#claimants.clear();
    this.#claims.clear();
    this.#fresh = [];
    this.#slots.clear();
    this.#ordered = [];
    this.#loaded = 0;
  }
}
