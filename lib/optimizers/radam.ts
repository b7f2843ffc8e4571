import type { Params } from "../group";
import { averageLength, emptyBuffer, makeBias, rectifiedSize, writeBetas, writeStep } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, flag, nonNegative, sameBetas } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface RAdamOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** Added to the denominator, ≥ 0. Default 1e-8. */
  eps?: number;
  /** ≥ 0, decoupled: p − lr·weight_decay·p before each step. Default 0. */
  weight_decay?: number;
  /** While the variance is too uncertain: step as SGD with momentum does; false: do not step, nor decay. Default true. */
  degenerated_to_sgd?: boolean;
}

export interface RAdamState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

type Options = Live<RAdamOptions>;

// The enumeration of native/update/radam.h, in its order.
const phase = { rectified: 0, momentum: 1, frozen: 2 };

function coefficients(): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const bias = biasOf(o.betas, t);
    const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
    const rectified = rhoT >= 5;
    const size = rectified ? rectifiedSize(bias, rhoT, rhoInf) : 1 / bias.c1;
    into[at] = -o.weight_decay * o.lr;
    writeStep(into, writeBetas(into, at + 1, o.betas), o.eps, bias.c2, -size * o.lr);
    const kind = rectified ? phase.rectified : o.degenerated_to_sgd ? phase.momentum : phase.frozen;
    return (o.weight_decay === 0 ? 0 : 1) + 2 * kind;
  };
}

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "RAdam",
  formula: "radam",
  states: ["exp_avg", "exp_avg_sq"],
  kinds: {
    lr: nonNegative("learning rate"),
    betas,
    eps: nonNegative("epsilon value"),
    weight_decay: nonNegative("weight_decay value"),
    degenerated_to_sgd: flag,
  } as Rule<Options>["kinds"],
  defaults: { lr: 1e-3, betas: Object.freeze([0.9, 0.999]), eps: 1e-8, weight_decay: 0, degenerated_to_sgd: true },
  same: (a, b) =>
    a.lr === b.lr &&
    sameBetas(a.betas, b.betas) &&
    a.eps === b.eps &&
    a.weight_decay === b.weight_decay &&
    a.degenerated_to_sgd === b.degenerated_to_sgd,
  coefficients,
  published: { group: emptyBuffer },
});

/**
 * RAdam, as its authors published it.
 *
 *     m ← β1·m + (1−β1)·g,  v ← β2·v + (1−β2)·g²
 *     ρ∞ = 2/(1−β2) − 1,  ρt = ρ∞ − 2·t·β2^t/(1−β2^t)
 *     ρt ≥ 5:  p ← p − lr·weight_decay·p
 *              p ← p − lr·√[(1−β2^t)·(ρt−4)(ρt−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρt)]/(1−β1^t) · m / (√v + eps)
 *     else:    p ← p − lr·weight_decay·p,  p ← p − lr/(1−β1^t)·m      (with degenerated_to_sgd)
 *
 * State: m `exp_avg`, v `exp_avg_sq`.
 *
 * Liu, Jiang, He, Chen, Liu, Gao, Han: On the Variance of the Adaptive Learning Rate and Beyond, ICLR 2020.
 */
export class RAdam extends Optimizer<Options, RAdamState> {
  constructor(params: Params<RAdamOptions>, options: RAdamOptions = {}) {
    super(rule, params, options);
  }
}
