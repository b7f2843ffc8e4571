import type { Params } from "../groups";
import {
  averageLength,
  averageLengthIn,
  betaNames,
  biasIn,
  makeBias,
  rectifiedSize,
  rectifiedSizeIn,
  stepNames,
  storeStep,
  writeBetas,
  writeStep,
} from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { averageThreshold, proportion, whole } from "../options/kinds";
import { defineRanger, option, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface RangerAdaBeliefState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly slow_buffer: Float32Array;
}

const stepDecay = (o: { weight_decouple: boolean; weight_decay: number }): number => (o.weight_decouple ? o.weight_decay : 0);

const rule = defineRanger({
  optimizer: "RangerAdaBelief",
  summary: "AdaBelief, rectified, with Lookahead and centralization",
  names: {
    formula: "ranger",
    coefficients: [...betaNames, ...stepNames, "decay"],
    choices: {
      belief: ["deviation", "square"],
      decay: ["none", "with_step"],
      phase: ["rectified", "early"],
      part: ["whole", "moments", "rest"],
    },
  } as const,
  states: ["exp_avg", "exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-3. */
    lr: learningRate(1e-3),
    /** Lookahead's alpha: how far the slow weights move towards the parameters, in [0, 1]. Default 0.5. */
    alpha: option(0.5, proportion),
    /** Lookahead's interval, in steps. Default 6. */
    k: option(6, whole(1)),
    /** The length of the simple moving average above which the step is rectified, ≥ 4. Default 5. */
    N_sma_threshhold: option(5, averageThreshold),
    /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.95, 0.999]. */
    betas: twoBetas(0.95, 0.999),
    /** Added, once the step is rectified, to the variance (where it accumulates) and to the denominator, ≥ 0. Default 1e-5. */
    eps: epsilon(1e-5),
    /** ≥ 0. Default 0. */
    weight_decay: weightDecay(0),
    /** Centralize gradients of parameters whose `shape` has more than one dimension. Default true. */
    use_gc: onOff(true),
    /** With use_gc: centralize only parameters of more than three dimensions. Default false. */
    gc_conv_only: onOff(false),
    /** Centralize the gradient itself; false: the direction of the step. Default true. */
    gc_loc: onOff(true),
    /** The variance is that around the mean; false: the mean square, as in Adam, and no eps enters into it. Default true. */
    adabelief: onOff(true),
    /** The decay is a part of the step; false: it joins the gradient. Default true. */
    weight_decouple: onOff(true),
  },
  coupledDecay: (o) => (o.weight_decouple ? 0 : o.weight_decay),
  centralized: (o) => (!o.use_gc ? false : o.gc_conv_only ? "conv" : "all"),
  lookahead: (o) => o,
  published: { group: () => ({ step_counter: 0 }) },
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const bias = biasOf(o.betas, t);
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
      const rectified = rhoT > o.N_sma_threshhold;
      const size = rectified ? rectifiedSize(bias, rhoT, rhoInf) : 1 / bias.c1;
      writeBetas(c, slot, o.betas);
      writeStep(c, slot, o.eps, bias.c2, -size * o.lr);
      c[slot.decay] = stepDecay(o);
      return (
        (o.adabelief ? choice.belief.deviation : choice.belief.square) +
        (stepDecay(o) === 0 ? choice.decay.none : choice.decay.with_step) +
        (rectified ? choice.phase.rectified : choice.phase.early) +
        (o.use_gc && !o.gc_loc ? choice.part.moments : choice.part.whole)
      );
    };
  },
  program:
    ({ slot, choice }) =>
    (o, p) => {
      const bias = biasIn(p, o.betas);
      const { rhoT, rhoInf } = averageLengthIn(p, o.betas[1] as number, bias.beta2PowerT);
      const rectified = p.isBelow(o.N_sma_threshhold, rhoT);
      const size = p.choose(rectified, rectifiedSizeIn(p, bias, rhoT, rhoInf), p.over(1, bias.c1));
      const variant =
        (o.adabelief ? choice.belief.deviation : choice.belief.square) +
        (stepDecay(o) === 0 ? choice.decay.none : choice.decay.with_step) +
        (o.use_gc && !o.gc_loc ? choice.part.moments : choice.part.whole);
      storeStep(p, slot, bias.c2, p.times(p.negative(size), o.lr));
      p.variant(rectified, variant + choice.phase.rectified, variant + choice.phase.early);
    },
});

/**
 * The options of RangerAdaBelief.
 *
 * @interface
 */
export type RangerAdaBeliefOptions = OptionsOf<typeof rule>;

/**
 * RangerAdaBelief: AdaBelief with RAdam's rectification, Lookahead and gradient centralization. Releases 0.0.9 and 0.1.0 of
 * ranger-adabelief have this one rule. Their documents use lr 1e-3, betas [0.9, 0.999] and eps 1e-12.
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
export class RangerAdaBelief extends Optimizer<LiveOptionsOf<typeof rule>, RangerAdaBeliefState> {
  constructor(params: Params<RangerAdaBeliefOptions>, options: RangerAdaBeliefOptions = {}) {
    super(rule, params, options);
  }
}
