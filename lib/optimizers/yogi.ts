import type { Params } from "../groups";
import { betaNames, biasIn, makeBias, stepNames, storeStep, writeBetas, writeStep } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { nonNegative } from "../options/kinds";
import { defineRule, option, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, twoBetas, weightDecay } from "./options";

export interface YogiState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

const rule = defineRule({
  optimizer: "Yogi",
  summary: "Adam with v − (1−β2)·sign(v − g²)·g²",
  names: {
    formula: "yogi",
    coefficients: ["initial", ...betaNames, ...stepNames],
    choices: { phase: ["later", "first"] },
  } as const,
  states: ["exp_avg", "exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-2. */
    lr: learningRate(1e-2),
    /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
    betas: twoBetas(0.9, 0.999),
    /** Added to the denominator, ≥ 0. Default 1e-3. */
    eps: epsilon(1e-3),
    /** The value at which both means begin, ≥ 0. Default 1e-6. */
    initial_accumulator: option(1e-6, nonNegative("initial accumulator value")),
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
  },
  coupledDecay: (o) => o.weight_decay,
  begins: (o) => o.initial_accumulator,
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t, fresh) => {
      const { c1, c2 } = biasOf(o.betas, t);
      c[slot.initial] = o.initial_accumulator;
      writeBetas(c, slot, o.betas);
      writeStep(c, slot, o.eps, c2, -(o.lr / c1));
      return fresh ? choice.phase.first : choice.phase.later;
    };
  },
  program:
    ({ slot }) =>
    (o, p) => {
      const { c1, c2 } = biasIn(p, o.betas);
      storeStep(p, slot, c2, p.negative(p.over(o.lr, c1)));
    },
});

/**
 * The options of Yogi.
 *
 * @interface
 */
export type YogiOptions = OptionsOf<typeof rule>;

/**
 * Yogi: the mean square grows fast and shrinks slowly. It follows the class of the AdaBelief paper's experiments.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g
 *     v ← v − (1−β2)·sign(v − g²)·g²
 *     p ← p − lr/(1−β1^t) · m / (√v/√(1−β2^t) + eps)
 *
 * State: m `exp_avg`, v `exp_avg_sq`, which begin at initial_accumulator.
 *
 * Zaheer, Reddi, Sachan, Kale, Kumar: Adaptive Methods for Nonconvex Optimization, NeurIPS 2018.
 */
export class Yogi extends Optimizer<LiveOptionsOf<typeof rule>, YogiState> {
  constructor(params: Params<YogiOptions>, options: YogiOptions = {}) {
    super(rule, params, options);
  }
}
