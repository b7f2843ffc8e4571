import type { Params } from "../groups";
import { betaNames, biasIn, makeBias, writeBetas } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface EAdamState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly max_exp_avg_sq?: Float32Array;
}

const rule = defineRule({
  optimizer: "EAdam",
  summary: "Adam whose eps is added to v and kept",
  names: { formula: "eadam", coefficients: [...betaNames, "eps", "size"], choices: { amsgrad: ["off", "on"] } } as const,
  states: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-3. */
    lr: learningRate(1e-3),
    /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
    betas: twoBetas(0.9, 0.999),
    /** Added to the mean square at every step, where it accumulates, ≥ 0. Default 1e-8. */
    eps: epsilon(1e-8),
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
    /** Divide by the largest mean square so far, with eps added to its root and not kept. Default false. */
    amsgrad: onOff(false),
  },
  coupledDecay: (o) => o.weight_decay,
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const { c1, c2 } = biasOf(o.betas, t);
      writeBetas(c, slot, o.betas);
      c[slot.eps] = o.eps;
      c[slot.size] = -((o.lr * Math.sqrt(c2)) / c1);
      return o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off;
    };
  },
  program:
    ({ slot }) =>
    (o, p) => {
      const { c1, c2 } = biasIn(p, o.betas);
      p.store(slot.size, p.negative(p.over(p.times(o.lr, p.root(c2)), c1)));
    },
});

/**
 * The options of EAdam.
 *
 * @interface
 */
export type EAdamOptions = OptionsOf<typeof rule>;

/**
 * EAdam: Adam whose eps is added to the mean square and kept. A control for AdaBelief, which adds its eps in the same place.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g
 *     v ← β2·v + (1−β2)·g² + eps
 *     p ← p − lr·√(1−β2^t)/(1−β1^t) · m / √v
 *
 * With amsgrad, v accumulates no eps: x ← max(x, v), and the denominator is √x + eps.
 *
 * State: m `exp_avg`, v `exp_avg_sq`, x `max_exp_avg_sq`.
 *
 * Yuan, Gao: EAdam Optimizer: How ε Impact Adam, arXiv 2011.02150, 2020.
 */
export class EAdam extends Optimizer<LiveOptionsOf<typeof rule>, EAdamState> {
  constructor(params: Params<EAdamOptions>, options: EAdamOptions = {}) {
    super(rule, params, options);
  }
}
