// AdaBelief as the releases for TensorFlow have it: 0.0.1 and 0.2.1. One count of steps serves all parameters.
import {
  averageLength,
  averageLengthIn,
  betaNames,
  biasIn,
  makeBias,
  stepNames,
  storeStep,
  writeBetas,
  writeStep,
} from "./adam-coefficients";
import { averageThreshold, nonNegative, proportion, whole } from "../options/kinds";
import { defineRule, option } from "../rule";
import { warmedUp, warmedUpIn } from "./warmup";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

const shared = {
  optimizer: "AdaBelief",
  names: {
    formula: "adabelief_tensorflow",
    coefficients: [...betaNames, ...stepNames, "bias_correction2", "decay", "learning_rate"],
    choices: {
      decay: ["none", "with_step"],
      amsgrad: ["off", "on"],
      phase: ["uncorrected", "corrected", "momentum"],
    },
  },
  states: ["exp_avg", "exp_avg_var", "max_exp_avg_var"],
  oneCount: true,
} as const;

const first = {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr: learningRate(1e-3),
  /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.9, 0.999]. */
  betas: twoBetas(0.9, 0.999),
};
const amsgrad = {
  /** Divide by the largest variance so far. Default false. */
  amsgrad: onOff(false),
};

/** The TensorFlow release 0.0.1. */
export const ruleTf001 = defineRule({
  ...shared,
  version: "tf-0.0.1",
  summary: "p − lr·√c2/c1 · m/(√s + eps), s of (g − m)²",
  options: {
    ...first,
    /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. Default 1e-8. */
    eps: epsilon(1e-8),
    ...amsgrad,
  },
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const { c1, c2 } = biasOf(o.betas, t);
      writeBetas(c, slot, o.betas);
      writeStep(c, slot, o.eps, c2, -((o.lr * Math.sqrt(c2)) / c1));
      // These take no part in the uncorrected phase.
      c[slot.bias_correction2] = c2;
      c[slot.decay] = 0;
      c[slot.learning_rate] = -o.lr;
      return choice.decay.none + (o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off) + choice.phase.uncorrected;
    };
  },
  program:
    ({ slot }) =>
    (o, p) => {
      const { c1, c2 } = biasIn(p, o.betas);
      p.store(slot.bias_correction2, c2);
      storeStep(p, slot, c2, p.negative(p.over(p.times(o.lr, p.root(c2)), c1)));
    },
});

/** The TensorFlow release 0.2.1. */
export const ruleTf021 = defineRule({
  ...shared,
  version: "tf-0.2.1",
  summary: "p − lr·(r/c1 · m/(√(s/c2) + eps) + weight_decay·p), rectified",
  options: {
    ...first,
    /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. Default 1e-14. */
    eps: epsilon(1e-14),
    ...amsgrad,
    /** ≥ 0; decoupled: lr · weight_decay · p is part of the step. Default 0. */
    weight_decay: weightDecay(0),
    /** Rectify the step size. Default true. */
    rectify: onOff(true),
    /** The length of the simple moving average from which on the step is rectified, ≥ 4. Default 5. */
    sma_threshold: option(5, averageThreshold),
    /** Steps of the whole training; more than 0 turns on the warm-up. Default 0. */
    total_steps: option(0, whole(0)),
    /** The part of them in which lr rises, in [0, 1]. Default 0.1. */
    warmup_proportion: option(0.1, proportion),
    /** What lr falls to after the warm-up, until total_steps. Default 0. */
    min_lr: option(0, nonNegative("min_lr")),
  },
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const { c1, c2, beta2PowerT } = biasOf(o.betas, t);
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, beta2PowerT, t);
      const early = o.rectify && rhoT < o.sma_threshold;
      const rectification =
        o.rectify && !early ? Math.sqrt(((((rhoT - 4) / (rhoInf - 4)) * (rhoT - 2)) / (rhoInf - 2)) * (rhoInf / rhoT)) : 1;
      writeBetas(c, slot, o.betas);
      writeStep(c, slot, o.eps, c2, rectification / c1);
      c[slot.bias_correction2] = c2;
      c[slot.decay] = o.weight_decay;
      c[slot.learning_rate] = -(o.total_steps === 0 ? o.lr : warmedUp(o.lr, o, t));
      return (
        (o.weight_decay === 0 ? choice.decay.none : choice.decay.with_step) +
        (o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off) +
        (early ? choice.phase.momentum : choice.phase.corrected)
      );
    };
  },
  program:
    ({ slot, choice }) =>
    (o, p) => {
      const { c1, c2, beta2PowerT } = biasIn(p, o.betas);
      const variant =
        (o.weight_decay === 0 ? choice.decay.none : choice.decay.with_step) +
        (o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off);
      const [late, soon] = [variant + choice.phase.corrected, variant + choice.phase.momentum];
      if (o.rectify) {
        const { rhoT, rhoInf } = averageLengthIn(p, o.betas[1] as number, beta2PowerT);
        const early = p.isBelow(rhoT, o.sma_threshold);
        const product = p.over(p.times(p.over(p.minus(rhoT, 4), rhoInf - 4), p.minus(rhoT, 2)), rhoInf - 2);
        const rectification = p.choose(early, 1, p.root(p.times(product, p.over(rhoInf, rhoT))));
        p.variant(early, soon, late);
        storeStep(p, slot, c2, p.over(rectification, c1));
      } else {
        p.variant(late);
        storeStep(p, slot, c2, p.over(1, c1));
      }
      p.store(slot.bias_correction2, c2);
      p.store(slot.learning_rate, p.negative(o.total_steps === 0 ? o.lr : warmedUpIn(p, o.lr, o)));
    },
});
