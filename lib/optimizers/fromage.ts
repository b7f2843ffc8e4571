import type { Params } from "../groups";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf } from "../rule";
import { learningRate } from "./options";

const rule = defineRule({
  optimizer: "Fromage",
  summary: "(p − lr·g·‖p‖/‖g‖)/√(1 + lr²)",
  names: { formula: "fromage", coefficients: ["size", "divisor", "ratio"], choices: {} } as const,
  states: [],
  options: {
    /** How long a step is, relative to the tensor's norm, ≥ 0. Default 1e-2. */
    lr: learningRate(1e-2),
  },
  counted: false,
  step:
    ({ slot }) =>
    (o, c) => {
      c[slot.size] = -o.lr;
      c[slot.divisor] = Math.sqrt(1 + o.lr ** 2);
      c[slot.ratio] = 1; // native code computes it from the norms
      return 0;
    },
});

/**
 * The options of Fromage.
 *
 * @interface
 */
export type FromageOptions = OptionsOf<typeof rule>;

/**
 * Fromage: every tensor moves by a part of its own length. It follows the class of the AdaBelief paper's experiments.
 *
 *     p ← (p − lr·g·‖p‖/‖g‖) / √(1 + lr²)     (where a norm is 0: (p − lr·g) / √(1 + lr²))
 *
 * The norms are of the whole tensor, summed in double: in blocks of 4096 elements, each in sixteen partial sums, in a fixed order. No state.
 *
 * Bernstein, Vahdat, Yue, Liu: On the distance between two neural networks and the stability of learning, NeurIPS 2020.
 */
export class Fromage extends Optimizer<LiveOptionsOf<typeof rule>> {
  constructor(params: Params<FromageOptions>, options: FromageOptions = {}) {
    super(rule, params, options);
  }
}
