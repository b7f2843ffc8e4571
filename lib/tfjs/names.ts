// Names of variables. tfjs adds a number where a name was taken, as by a model that the process made or loaded before: kernel, kernel_1.
import type { Variable } from "@tensorflow/tfjs-core";
import { tf } from "./core";

/** A name without the number that tfjs may have added. */
export const plainName = (name: string): string => name.replace(/_\d+$/, "");

/** A name without its numbers, which tfjs gives to layers in the order in which a process makes them: dense_Dense#/kernel. */
export const pattern = (name: string): string => name.replaceAll(/\d+/g, "#");

/** The numbers of a name. */
export const numbersIn = (name: string): number[] => (name.match(/\d+/g) ?? []).map(Number);

/** Whether a name says anything. Variables without one are called by a number, which other variables have in another process. */
export const isTelling = (name: string): boolean => /\D/.test(name);

export const sameShape = (a: readonly number[], b: readonly number[]): boolean => tf.util.arraysEqual([...a], [...b]);

/** Whether a variable is registered: it was not disposed, and neither were all variables. */
export const isAlive = (variable: Variable): boolean => tf.engine().registeredVariables[variable.name] === variable;

/** What a variable must be like to be the owner of some state. */
export interface Owned {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The variables that live, by their names. */
export class Living {
  readonly all: readonly Variable[] = Object.values(tf.engine().registeredVariables);
  readonly #byName = new Map<string, Variable[]>();

  constructor() {
    for (const variable of this.all) {
      for (const name of new Set([variable.name, plainName(variable.name)])) {
        const others = this.#byName.get(name);
        if (others === undefined) this.#byName.set(name, [variable]);
        else others.push(variable);
      }
    }
  }

  /** Those of a name, as it is or with a number added. */
  named(name: string): readonly Variable[] {
    return this.#byName.get(name) ?? [];
  }

  /** Those of a state's name and shape, numbers aside. */
  related({ name, shape }: Owned): Variable[] {
    if (!isTelling(name)) return [];
    const found = new Set([...this.named(name), ...this.named(plainName(name))]);
    return [...found].filter((variable) => sameShape(variable.shape, shape));
  }

  /** The variable that state is of, as far as names tell: the newest, because a model is loaded before its state is. */
  owner(state: Owned, since = -1): Variable | undefined {
    const related = this.related(state).filter(({ id }) => id > since);
    const closer = related.filter(({ name }) => name === state.name || plainName(name) === state.name);
    return (closer.length > 0 ? closer : related).reduce<Variable | undefined>(
      (newest, variable) => (newest === undefined || variable.id > newest.id ? variable : newest),
      undefined,
    );
  }
}
