import type { Params } from "../groups";
import { betaNames, biasIn, makeBias, writeBetas } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface MSVAGState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

const rule = defineRule({
  optimizer: "MSVAG",
  summary: "p − lr·γ·m/c1, with γ by the certainty of an element",
  names: {
    formula: "msvag",
    coefficients: [...betaNames, "bias_correction1", "bias_correction2", "rho", "one_minus_rho", "size"],
    choices: {},
  } as const,
  states: ["exp_avg", "exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 0.1. */
    lr: learningRate(0.1),
    /** Decay of both running means, and β2, which corrects the bias of the second; each in [0, 1). Default [0.9, 0.999]. */
    betas: twoBetas(0.9, 0.999),
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
    /** Correct the second mean's bias with β1, its own decay, as for the published curves. Default false: with β2, as published. */
    consistent_bias_correction: onOff(false),
  },
  coupledDecay: (o) => o.weight_decay,
  published: { group: () => ({ eps: 1e-8, amsgrad: false }) },
  step: ({ slot }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const beta1 = o.betas[0] as number;
      const { c1, c2, beta1PowerT } = biasOf(o.betas, t);
      // In the published order: another one would not make it 1 in the first step, at β1 = 0.8 for example.
      const rho = (((1 - beta1) / (1 + beta1)) * (1 + beta1PowerT)) / c1;
      writeBetas(c, slot, o.betas, beta1);
      c[slot.bias_correction1] = c1;
      c[slot.bias_correction2] = o.consistent_bias_correction ? c1 : c2;
      c[slot.rho] = rho;
      c[slot.one_minus_rho] = 1 - rho;
      c[slot.size] = -o.lr;
      return 0;
    };
  },
  program:
    ({ slot }) =>
    (o, p) => {
      const beta1 = o.betas[0] as number;
      const { c1, c2, beta1PowerT } = biasIn(p, o.betas);
      const rho = p.over(p.times((1 - beta1) / (1 + beta1), p.plus(1, beta1PowerT)), c1);
      p.store(slot.bias_correction1, c1);
      p.store(slot.bias_correction2, o.consistent_bias_correction ? c1 : c2);
      p.store(slot.rho, rho);
      p.store(slot.one_minus_rho, p.minus(1, rho));
    },
});

/**
 * The options of MSVAG.
 *
 * @interface
 */
export type MSVAGOptions = OptionsOf<typeof rule>;

/**
 * M-SVAG: momentum, with each element scaled down by its uncertainty. It follows the class of the AdaBelief paper's experiments.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g,  v ← β1·v + (1−β1)·g²
 *     m̂ = m/(1−β1^t),  v̂ = v/(1−β2^t),  ρ = (1−β1)/(1+β1) · (1+β1^t)/(1−β1^t)
 *     q = (v̂ − m̂²)/(1−ρ),  γ = m̂²/(m̂² + ρ·q), or 0 where that is no number
 *     p ← p − lr·γ·m̂
 *
 * The first step changes no parameter, because ρ = 1 and γ = 0. State: m `exp_avg`, v `exp_avg_sq`.
 *
 * Balles, Hennig: Dissecting Adam: The Sign, Magnitude and Variance of Stochastic Gradients, ICML 2018.
 */
export class MSVAG extends Optimizer<LiveOptionsOf<typeof rule>, MSVAGState> {
  constructor(params: Params<MSVAGOptions>, options: MSVAGOptions = {}) {
    super(rule, params, options);
  }
}
