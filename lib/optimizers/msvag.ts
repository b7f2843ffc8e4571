import type { Params } from "../group";
import { makeBias, writeBetas } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, flag, nonNegative, sameBetas } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface MSVAGOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 0.1. */
  lr?: number;
  /** Decay of both running means, and β2, which corrects the bias of the second; each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
  weight_decay?: number;
  /** Correct the bias of the second mean by β1, which it is made with, as for the published curves. Default false: by β2, as in the published code. */
  consistent_bias_correction?: boolean;
}

export interface MSVAGState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

type Options = Live<MSVAGOptions>;

function coefficients(): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const beta1 = o.betas[0] as number;
    const { c1, c2, beta1PowerT } = biasOf(o.betas, t);
    // In the published order: another one would not make it 1 in the first step, at β1 = 0.8 for example.
    const rho = (((1 - beta1) / (1 + beta1)) * (1 + beta1PowerT)) / c1;
    const next = writeBetas(into, at, o.betas, beta1);
    into[next] = c1;
    into[next + 1] = o.consistent_bias_correction ? c1 : c2;
    into[next + 2] = rho;
    into[next + 3] = 1 - rho;
    into[next + 4] = -o.lr;
    return 0;
  };
}

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "MSVAG",
  formula: "msvag",
  states: ["exp_avg", "exp_avg_sq"],
  kinds: {
    lr: nonNegative("learning rate"),
    betas,
    weight_decay: nonNegative("weight_decay value"),
    consistent_bias_correction: flag,
  } as Rule<Options>["kinds"],
  defaults: { lr: 0.1, betas: Object.freeze([0.9, 0.999]), weight_decay: 0, consistent_bias_correction: false },
  same: (a, b) =>
    a.lr === b.lr &&
    sameBetas(a.betas, b.betas) &&
    a.weight_decay === b.weight_decay &&
    a.consistent_bias_correction === b.consistent_bias_correction,
  coefficients,
  coupledDecay: (o) => o.weight_decay,
  published: { group: () => ({ eps: 1e-8, amsgrad: false }) },
});

/**
 * M-SVAG: momentum, every element scaled down by how uncertain it is.
 *
 *     g ← g + weight_decay·p
 *     m ← β1·m + (1−β1)·g,  v ← β1·v + (1−β1)·g²
 *     m̂ = m/(1−β1^t),  v̂ = v/(1−β2^t),  ρ = (1−β1)/(1+β1) · (1+β1^t)/(1−β1^t)
 *     q = (v̂ − m̂²)/(1−ρ),  γ = m̂²/(m̂² + ρ·q), or 0 where that is no number
 *     p ← p − lr·γ·m̂
 *
 * The first step is none: there ρ = 1 and γ = 0. State: m `exp_avg`, v `exp_avg_sq`.
 *
 * Balles, Hennig: Dissecting Adam: The Sign, Magnitude and Variance of Stochastic Gradients, ICML 2018.
 */
export class MSVAG extends Optimizer<Options, MSVAGState> {
  constructor(params: Params<MSVAGOptions>, options: MSVAGOptions = {}) {
    super(rule, params, options);
  }
}
