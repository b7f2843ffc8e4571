import type { Params } from "../group";
import { makeBias, writeBetas, writeStep } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, flag, nonNegative, sameBetas, type Kinds } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface AdamOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** Added to the denominator, ≥ 0. Default 1e-8. */
  eps?: number;
  /** ≥ 0. Adam: weight_decay·p joins the gradient; default 0. AdamW: p is multiplied by 1 − lr·weight_decay; default 1e-2. */
  weight_decay?: number;
  /** Divide by the largest mean square so far. Default false. */
  amsgrad?: boolean;
}

export interface AdamState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly max_exp_avg_sq?: Float32Array;
}

type Options = Live<AdamOptions>;

/** The variant of native/update/adam.h. */
const variant = (decoupled: boolean, amsgrad: boolean): number => Number(decoupled) + 2 * Number(amsgrad);

function coefficients(decouples: boolean): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const { c1, c2 } = biasOf(o.betas, t);
    const factor = (into[at] = decouples ? 1 - o.lr * o.weight_decay : 1);
    writeStep(into, writeBetas(into, at + 1, o.betas), o.eps, c2, -(o.lr / c1));
    return variant(factor !== 1, o.amsgrad);
  };
}

const kinds = {
  lr: nonNegative("learning rate"),
  betas,
  eps: nonNegative("epsilon value"),
  weight_decay: nonNegative("weight_decay value"),
  amsgrad: flag,
} as Kinds<Options>;

function makeRule(optimizer: "Adam" | "AdamW", weight_decay: number): Rule<Options> {
  const decouples = optimizer === "AdamW";
  return withCommonOptions<Options>({
    optimizer,
    formula: "adam",
    states: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
    kinds,
    defaults: { lr: 1e-3, betas: Object.freeze([0.9, 0.999]), eps: 1e-8, weight_decay, amsgrad: false },
    same: (a, b) =>
      a.lr === b.lr &&
      sameBetas(a.betas, b.betas) &&
      a.eps === b.eps &&
      a.weight_decay === b.weight_decay &&
      a.amsgrad === b.amsgrad,
    coefficients: () => coefficients(decouples),
    coupledDecay: (o) => (decouples ? 0 : o.weight_decay),
  });
}

const adam = makeRule("Adam", 0);
const adamW = makeRule("AdamW", 1e-2);

/**
 * Adam, bit for bit PyTorch's.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g
 *     v ← β2·v + (1−β2)·g²                   (amsgrad: x ← max(x, v), and x in the place of v below)
 *     p ← p − lr/(1−β1^t) · m / (√v/√(1−β2^t) + eps)
 *
 * State: m `exp_avg`, v `exp_avg_sq`, x `max_exp_avg_sq`.
 *
 * Kingma, Ba: Adam: A Method for Stochastic Optimization, ICLR 2015.
 */
export class Adam extends Optimizer<Options, AdamState> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(adam, params, options);
  }
}

/**
 * AdamW, bit for bit PyTorch's: Adam whose weight decay acts on the parameter itself.
 *
 *     p ← p·(1 − lr·weight_decay), then as Adam without decay
 *
 * State: as Adam's.
 *
 * Loshchilov, Hutter: Decoupled Weight Decay Regularization, ICLR 2019.
 */
export class AdamW extends Optimizer<Options, AdamState> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(adamW, params, options);
  }
}
