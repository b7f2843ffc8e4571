import type { Params } from "../group";
import { averageLength, makeBias, rectifiedSize, writeBetas, writeStep } from "../moments";
import { Optimizer } from "../optimizer";
import { averageThreshold, betas, flag, nonNegative, proportion, sameBetas, whole, type Kinds } from "../options";
import type { Coefficients, Rule } from "../rule";
import type { State } from "../state-dict";

export interface RangerAdaBeliefOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** How far Lookahead's slow weights go to the parameters, in [0, 1]. Default 0.5. */
  alpha?: number;
  /** Every how many steps they do. Default 6. */
  k?: number;
  /** The length of the simple moving average above which the step is rectified, ≥ 4. Default 5. */
  N_sma_threshhold?: number;
  /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.95, 0.999]. */
  betas?: readonly number[];
  /** Added, once the step is rectified, to the variance (where it accumulates) and to the denominator, ≥ 0. Default 1e-5. */
  eps?: number;
  /** ≥ 0. Default 0. */
  weight_decay?: number;
  /** Centralize gradients of parameters whose `shape` has more than one dimension. Default true. */
  use_gc?: boolean;
  /** Of more than three alone. Default false. */
  gc_conv_only?: boolean;
  /** Centralize the gradient itself; false: the direction of the step. Default true. */
  gc_loc?: boolean;
  /** The variance is that around the mean; false: the mean square, as in Adam, and no eps enters into it. Default true. */
  adabelief?: boolean;
  /** The decay is a part of the step; false: it joins the gradient. Default true. */
  weight_decouple?: boolean;
}

export interface RangerAdaBeliefState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly slow_buffer: Float32Array;
}

type Options = Required<RangerAdaBeliefOptions>;

// The enumerations of native/update/ranger.h, in its order.
const belief = { deviation: 0, square: 1, count: 2 };
const decay = { none: 0, withStep: 1, count: 2 };
const phase = { rectified: 0, early: 1, count: 2 };
const part = { whole: 0, moments: 1 };

const stepDecay = (o: Options): number => (o.weight_decouple ? o.weight_decay : 0);

function coefficients(): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const bias = biasOf(o.betas, t);
    const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
    const rectified = rhoT > o.N_sma_threshhold;
    const size = rectified ? rectifiedSize(bias, rhoT, rhoInf) : 1 / bias.c1;
    const next = writeStep(into, writeBetas(into, at, o.betas), o.eps, bias.c2, -size * o.lr);
    into[next] = stepDecay(o);
    const beliefKind = o.adabelief ? belief.deviation : belief.square;
    const decayKind = stepDecay(o) === 0 ? decay.none : decay.withStep;
    const phaseKind = rectified ? phase.rectified : phase.early;
    const partKind = o.use_gc && !o.gc_loc ? part.moments : part.whole;
    return beliefKind + belief.count * (decayKind + decay.count * (phaseKind + phase.count * partKind));
  };
}

const rule: Rule<Options> = {
  optimizer: "RangerAdaBelief",
  formula: "ranger",
  states: ["exp_avg", "exp_avg_sq"],
  kinds: {
    lr: nonNegative("learning rate"),
    alpha: proportion,
    k: whole(1),
    N_sma_threshhold: averageThreshold,
    betas,
    eps: nonNegative("epsilon value"),
    weight_decay: nonNegative("weight_decay value"),
    use_gc: flag,
    gc_conv_only: flag,
    gc_loc: flag,
    adabelief: flag,
    weight_decouple: flag,
  } satisfies Kinds<Options>,
  defaults: {
    lr: 1e-3,
    alpha: 0.5,
    k: 6,
    N_sma_threshhold: 5,
    betas: Object.freeze([0.95, 0.999]),
    eps: 1e-5,
    weight_decay: 0,
    use_gc: true,
    gc_conv_only: false,
    gc_loc: true,
    adabelief: true,
    weight_decouple: true,
  },
  same: (a, b) =>
    a.lr === b.lr &&
    a.alpha === b.alpha &&
    a.k === b.k &&
    a.N_sma_threshhold === b.N_sma_threshhold &&
    sameBetas(a.betas, b.betas) &&
    a.eps === b.eps &&
    a.weight_decay === b.weight_decay &&
    a.use_gc === b.use_gc &&
    a.gc_conv_only === b.gc_conv_only &&
    a.gc_loc === b.gc_loc &&
    a.adabelief === b.adabelief &&
    a.weight_decouple === b.weight_decouple,
  coefficients,
  coupledDecay: (o) => (o.weight_decouple ? 0 : o.weight_decay),
  centralized: (o) => (!o.use_gc ? false : o.gc_conv_only ? "conv" : "all"),
  lookahead: (o) => o,
  published: { group: () => ({ step_counter: 0 }) },
};

/**
 * RangerAdaBelief 0.1.0: AdaBelief with RAdam's rectification, Lookahead and gradient centralization.
 *
 *     g ← g + weight_decay·p                            (not weight_decouple)
 *     g ← g − mean of its row                           (gc_loc; rows share the first index)
 *     m ← β1·m + (1−β1)·g,  v ← β2·v + (1−β2)·(g−m)²
 *     ρt > N_sma_threshhold:  v ← v + eps,  G = m/(√v + eps),  size = RAdam's
 *     else:                   G is m itself,            size = 1/(1−β1^t)
 *     G ← G + weight_decay·p,  G ← G − mean of its row  (weight_decouple; not gc_loc)
 *     p ← p − lr·size·G
 *     every k steps: slow ← slow + alpha·(p − slow),  p ← slow
 *
 * Rows' means are summed in double, in a fixed order. State: m `exp_avg`, v `exp_avg_sq`, `slow_buffer`.
 *
 * Zhuang et al., NeurIPS 2020; Wright, Demeure: Ranger21, 2021; Zhang, Lucas, Hinton, Ba: Lookahead Optimizer, NeurIPS 2019; Yong,
 * Huang, Hua, Zhang: Gradient Centralization, ECCV 2020.
 */
export class RangerAdaBelief extends Optimizer<Options, RangerAdaBeliefState> {
  constructor(params: Params<RangerAdaBeliefOptions>, options: RangerAdaBeliefOptions = {}) {
    super(rule, params, options);
  }
}
