import { rangeError } from "../errors";
import type { Params } from "../group";
import { makeBias, writeBetas } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, flag, nonNegative, numberThat, sameBetas } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface AdaBoundOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** The learning rate of SGD that the bounds close in on, ≥ 0. It follows lr: final_lr·lr/base_lr. Default 0.1. */
  final_lr?: number;
  /** The lr that final_lr belongs to, ≥ 0, and not 0 where lr is not. Default: the lr that the group begins with. */
  base_lr?: number;
  /** How fast the bounds close in, in [0, 1). Default 1e-3. */
  gamma?: number;
  /** Added to the denominator, ≥ 0. Default 1e-8. */
  eps?: number;
  /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
  weight_decay?: number;
  /** Divide by the largest mean square so far (AMSBound). Default false. */
  amsbound?: boolean;
}

export interface AdaBoundState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly max_exp_avg_sq?: Float32Array;
}

type Options = Live<AdaBoundOptions>;

const gamma = numberThat(
  (value) => value >= 0 && value < 1,
  (_, value) => `Invalid gamma parameter: ${String(value)}`,
);

// The variants of native/update/adabound.h.
const variant = { adaBound: 0, amsBound: 1 };

function coefficients(): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const { c1, c2 } = biasOf(o.betas, t);
    const finalLr = o.lr === 0 ? 0 : (o.final_lr * o.lr) / o.base_lr;
    const next = writeBetas(into, at, o.betas);
    into[next] = o.eps;
    into[next + 1] = (o.lr * Math.sqrt(c2)) / c1;
    into[next + 2] = finalLr * (1 - 1 / (o.gamma * t + 1));
    into[next + 3] = finalLr * (1 + 1 / (o.gamma * t));
    return o.amsbound ? variant.amsBound : variant.adaBound;
  };
}

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "AdaBound",
  formula: "adabound",
  states: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
  kinds: {
    lr: nonNegative("learning rate"),
    betas,
    final_lr: nonNegative("final learning rate"),
    base_lr: nonNegative("base learning rate"),
    gamma,
    eps: nonNegative("epsilon value"),
    weight_decay: nonNegative("weight_decay value"),
    amsbound: flag,
  } as Rule<Options>["kinds"],
  defaults: {
    lr: 1e-3,
    betas: Object.freeze([0.9, 0.999]),
    final_lr: 0.1,
    gamma: 1e-3,
    eps: 1e-8,
    weight_decay: 0,
    amsbound: false,
  } as Options,
  begin: (o) => ({ ...o, base_lr: o.base_lr ?? o.lr }),
  same: (a, b) =>
    a.lr === b.lr &&
    sameBetas(a.betas, b.betas) &&
    a.final_lr === b.final_lr &&
    a.base_lr === b.base_lr &&
    a.gamma === b.gamma &&
    a.eps === b.eps &&
    a.weight_decay === b.weight_decay &&
    a.amsbound === b.amsbound,
  check: ({ lr, base_lr }) => {
    if (lr === 0 || base_lr !== 0) return;
    throw rangeError(
      "ERR_INVALID_OPTION",
      "The group began with lr 0, to which no final_lr can be in proportion: give it a base_lr",
    );
  },
  coefficients,
  coupledDecay: (o) => o.weight_decay,
});

/**
 * AdaBound: Adam at the beginning, SGD in the end.
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
export class AdaBound extends Optimizer<Options, AdaBoundState> {
  constructor(params: Params<AdaBoundOptions>, options: AdaBoundOptions = {}) {
    super(rule, params, options);
  }
}
