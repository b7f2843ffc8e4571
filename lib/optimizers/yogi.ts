import type { Params } from "../group";
import { makeBias, writeBetas, writeStep } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, nonNegative, sameBetas } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface YogiOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-2. */
  lr?: number;
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** Added to the denominator, ≥ 0. Default 1e-3. */
  eps?: number;
  /** What both means begin at, ≥ 0. Default 1e-6. */
  initial_accumulator?: number;
  /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
  weight_decay?: number;
}

export interface YogiState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

type Options = Live<YogiOptions>;

// The variants of native/update/yogi.h.
const variant = { later: 0, first: 1 };

function coefficients(): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at, fresh) => {
    const { c1, c2 } = biasOf(o.betas, t);
    into[at] = o.initial_accumulator;
    writeStep(into, writeBetas(into, at + 1, o.betas), o.eps, c2, -(o.lr / c1));
    return fresh ? variant.first : variant.later;
  };
}

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "Yogi",
  formula: "yogi",
  states: ["exp_avg", "exp_avg_sq"],
  kinds: {
    lr: nonNegative("learning rate"),
    betas,
    eps: nonNegative("epsilon value"),
    initial_accumulator: nonNegative("initial accumulator value"),
    weight_decay: nonNegative("weight_decay value"),
  } as Rule<Options>["kinds"],
  defaults: { lr: 1e-2, betas: Object.freeze([0.9, 0.999]), eps: 1e-3, initial_accumulator: 1e-6, weight_decay: 0 },
  same: (a, b) =>
    a.lr === b.lr &&
    sameBetas(a.betas, b.betas) &&
    a.eps === b.eps &&
    a.initial_accumulator === b.initial_accumulator &&
    a.weight_decay === b.weight_decay,
  coefficients,
  coupledDecay: (o) => o.weight_decay,
});

/**
 * Yogi: the mean square grows fast and shrinks slowly.
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
export class Yogi extends Optimizer<Options, YogiState> {
  constructor(params: Params<YogiOptions>, options: YogiOptions = {}) {
    super(rule, params, options);
  }
}
