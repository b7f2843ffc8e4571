import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { tf } from "./core";
import { iterOf, type NamedTensor, type SavedArray } from "./saved";

/** What getWeights hands out: the same variables each time, by name, so that saving again and again takes no more memory. */
export class ShownState {
  readonly #shown = new Map<string, Variable>();

  /** Shows a state, and lets go of what was shown of variables that are gone. */
  show(iterations: number, saved: readonly SavedArray[]): NamedTensor[] {
    const names = new Set(["iter", ...saved.map(({ name }) => name)]);
    for (const [name, variable] of this.#shown) {
      if (names.has(name)) continue;
      variable.dispose();
      this.#shown.delete(name);
    }
    const iter = { name: "iter", tensor: this.#one("iter", () => iterOf(iterations)) };
    const state = saved.map(({ name, shape, values }) => {
      return { name, tensor: this.#one(name, () => tf.tensor(new Float32Array(values), [...shape], "float32")) };
    });
    return [iter, ...state];
  }

  /** Puts values into the variable that is shown under a name, which is made where there is none that fits. */
  #one(name: string, make: () => Tensor): Variable {
    const fresh = tf.tidy(make);
    const known = this.#shown.get(name);
    try {
      if (known !== undefined && !known.isDisposed && tf.util.arraysEqual(known.shape, fresh.shape)) {
        known.assign(fresh);
        return known;
      }
      known?.dispose();
      const variable = tf.variable(fresh, false);
      this.#shown.set(name, variable);
      return variable;
    } finally {
      fresh.dispose();
    }
  }

  dispose(): void {
    for (const variable of this.#shown.values()) variable.dispose();
    this.#shown.clear();
  }
}
