import type { Params } from "../groups";
import { betaNames, writeBetas } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { learningRate, twoBetas, weightDecay } from "./options";

export interface LionState extends State {
  readonly exp_avg: Float32Array;
}

const rule = defineRule({
  optimizer: "Lion",
  summary: "p − lr·sign(β1·m + (1−β1)·g)",
  names: {
    formula: "lion",
    coefficients: ["decay", "size", ...betaNames],
    choices: { decay: ["none", "decoupled"] },
  } as const,
  states: ["exp_avg"],
  options: {
    /** Learning rate, ≥ 0: the length of every element's step. Default 1e-4. */
    lr: learningRate(1e-4),
    /** The weight of the momentum in the direction, and the decay of the momentum, each in [0, 1). Default [0.9, 0.99]. */
    betas: twoBetas(0.9, 0.99),
    /** ≥ 0, decoupled: p is multiplied by 1 − lr·weight_decay. Default 0. */
    weight_decay: weightDecay(0),
  },
  counted: false,
  step:
    ({ slot, choice }) =>
    (o, c) => {
      const factor = 1 - o.lr * o.weight_decay;
      c[slot.decay] = factor;
      c[slot.size] = -o.lr;
      writeBetas(c, slot, o.betas);
      return factor === 1 ? choice.decay.none : choice.decay.decoupled;
    },
  program:
    ({ choice }) =>
    (o, p) => {
      const decays = o.weight_decay !== 0 || 1 - o.lr * o.weight_decay !== 1; // also where lr is 0, and the factor 1
      p.variant(decays ? choice.decay.decoupled : choice.decay.none);
    },
});

/**
 * The options of Lion.
 *
 * @interface
 */
export type LionOptions = OptionsOf<typeof rule>;

/**
 * Lion: every element moves by lr, in the direction of its momentum's sign.
 *
 *     p ← p·(1 − lr·weight_decay)
 *     p ← p − lr·sign(β1·m + (1−β1)·g)
 *     m ← β2·m + (1−β2)·g
 *
 * State: m `exp_avg`.
 *
 * Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le: Symbolic Discovery of Optimization Algorithms, NeurIPS 2023.
 */
export class Lion extends Optimizer<LiveOptionsOf<typeof rule>, LionState> {
  constructor(params: Params<LionOptions>, options: LionOptions = {}) {
    super(rule, params, options);
  }
}
