import { rangeError } from "../errors";
import type { Params } from "../groups";
import { betaNames, biasIn, makeBias, writeBetas } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { nonNegative, numberThat } from "../options/kinds";
import { defineRule, option, withoutDefault, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface AdaBoundState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly max_exp_avg_sq?: Float32Array;
}

const gamma = numberThat(
  (value) => value >= 0 && value < 1,
  (_, value) => `Invalid gamma parameter: ${String(value)}`,
);

const rule = defineRule({
  optimizer: "AdaBound",
  summary: "Adam whose step size is kept between bounds that close in on SGD's",
  names: {
    formula: "adabound",
    coefficients: [...betaNames, "eps", "size", "lower", "upper"],
    choices: { amsbound: ["off", "on"] },
  } as const,
  states: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-3. */
    lr: learningRate(1e-3),
    /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
    betas: twoBetas(0.9, 0.999),
    /** The learning rate of SGD that the bounds close in on, ≥ 0. It follows lr: final_lr·lr/base_lr. Default 0.1. */
    final_lr: option(0.1, nonNegative("final learning rate")),
    /** The lr at which the bounds close in on final_lr itself, ≥ 0; 0 only if lr is 0. Default: the lr of the new group. */
    base_lr: withoutDefault(nonNegative("base learning rate")),
    /** How fast the bounds close in, in [0, 1). Default 1e-3. */
    gamma: option(1e-3, gamma),
    /** Added to the denominator, ≥ 0. Default 1e-8. */
    eps: epsilon(1e-8),
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
    /** Divide by the largest mean square so far (AMSBound). Default false. */
    amsbound: onOff(false),
  },
  begin: (o) => ({ ...o, base_lr: (o.base_lr as number | undefined) ?? o.lr }),
  check: ({ lr, base_lr }) => {
    if (lr === 0 || base_lr !== 0) return;
    const advice = "give it a base_lr";
    throw rangeError("ERR_INVALID_OPTION", `The group began with lr 0, to which no final_lr can be in proportion: ${advice}`);
  },
  coupledDecay: (o) => o.weight_decay,
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const { c1, c2 } = biasOf(o.betas, t);
      const finalLr = o.lr === 0 ? 0 : (o.final_lr * o.lr) / o.base_lr;
      writeBetas(c, slot, o.betas);
      c[slot.eps] = o.eps;
      c[slot.size] = (o.lr * Math.sqrt(c2)) / c1;
      c[slot.lower] = finalLr * (1 - 1 / (o.gamma * t + 1));
      c[slot.upper] = finalLr * (1 + 1 / (o.gamma * t));
      return o.amsbound ? choice.amsbound.on : choice.amsbound.off;
    };
  },
  program:
    ({ slot }) =>
    (o, p) => {
      const { c1, c2 } = biasIn(p, o.betas);
      const finalLr = o.lr === 0 ? 0 : (o.final_lr * o.lr) / o.base_lr;
      const closing = p.times(o.gamma, p.t());
      p.store(slot.size, p.over(p.times(o.lr, p.root(c2)), c1));
      p.store(slot.lower, p.times(finalLr, p.minus(1, p.over(1, p.plus(closing, 1)))));
      p.store(slot.upper, p.times(finalLr, p.plus(1, p.over(1, closing))));
    },
});

/**
 * The options of AdaBound.
 *
 * @interface
 */
export type AdaBoundOptions = OptionsOf<typeof rule>;

/**
 * AdaBound: Adam at the beginning, SGD at the end. It follows its authors' package adabound 0.0.5.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g,  v ← β2·v + (1−β2)·g²      (amsbound: x ← max(x, v), and x in the place of v below)
 *     F = final_lr·lr/base_lr
 *     η = clamp(lr·√(1−β2^t)/(1−β1^t) / (√v + eps), F·(1 − 1/(γt+1)), F·(1 + 1/(γt)))
 *     p ← p − η·m
 *
 * State: m `exp_avg`, v `exp_avg_sq`, x `max_exp_avg_sq`.
 *
 * Luo, Xiong, Liu, Sun: Adaptive Gradient Methods with Dynamic Bound of Learning Rate, ICLR 2019.
 */
export class AdaBound extends Optimizer<LiveOptionsOf<typeof rule>, AdaBoundState> {
  constructor(params: Params<AdaBoundOptions>, options: AdaBoundOptions = {}) {
    super(rule, params, options);
  }
}
