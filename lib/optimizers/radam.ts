import type { Params } from "../groups";
import {
  averageLength,
  averageLengthIn,
  betaNames,
  biasIn,
  emptyBuffer,
  makeBias,
  rectifiedSize,
  rectifiedSizeIn,
  stepNames,
  storeStep,
  writeBetas,
  writeStep,
} from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface RAdamState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
}

const rule = defineRule({
  optimizer: "RAdam",
  summary: "SGD with momentum at first, then Adam with a rectified step size",
  names: {
    formula: "radam",
    coefficients: ["decay", ...betaNames, ...stepNames],
    choices: { decay: ["none", "decoupled"], phase: ["rectified", "momentum", "frozen"] },
  } as const,
  states: ["exp_avg", "exp_avg_sq"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-3. */
    lr: learningRate(1e-3),
    /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
    betas: twoBetas(0.9, 0.999),
    /** Added to the denominator, ≥ 0. Default 1e-8. */
    eps: epsilon(1e-8),
    /** ≥ 0, decoupled: p − lr·weight_decay·p before each step. Default 0. */
    weight_decay: weightDecay(0),
    /** While the variance is too uncertain: step as SGD with momentum does; false: do not step, nor decay. Default true. */
    degenerated_to_sgd: onOff(true),
  },
  // With the flag, torch.optim's RAdam decays as the authors' class does.
  published: { group: () => ({ ...emptyBuffer(), decoupled_weight_decay: true }) },
  step: ({ slot, choice }) => {
    const biasOf = makeBias();
    return (o, c, t) => {
      const bias = biasOf(o.betas, t);
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
      const rectified = rhoT >= 5;
      const size = rectified ? rectifiedSize(bias, rhoT, rhoInf) : 1 / bias.c1;
      c[slot.decay] = -o.weight_decay * o.lr;
      writeBetas(c, slot, o.betas);
      writeStep(c, slot, o.eps, bias.c2, -size * o.lr);
      const phase = rectified ? "rectified" : o.degenerated_to_sgd ? "momentum" : "frozen";
      return (o.weight_decay === 0 ? choice.decay.none : choice.decay.decoupled) + choice.phase[phase];
    };
  },
  program:
    ({ slot, choice }) =>
    (o, p) => {
      const bias = biasIn(p, o.betas);
      const { rhoT, rhoInf } = averageLengthIn(p, o.betas[1] as number, bias.beta2PowerT);
      const rectified = p.isAtLeast(rhoT, 5);
      const size = p.choose(rectified, rectifiedSizeIn(p, bias, rhoT, rhoInf), p.over(1, bias.c1));
      const decay = o.weight_decay === 0 ? choice.decay.none : choice.decay.decoupled;
      const early = o.degenerated_to_sgd ? choice.phase.momentum : choice.phase.frozen;
      storeStep(p, slot, bias.c2, p.times(p.negative(size), o.lr));
      p.variant(rectified, decay + choice.phase.rectified, decay + early);
    },
});

/**
 * The options of RAdam.
 *
 * @interface
 */
export type RAdamOptions = OptionsOf<typeof rule>;

/**
 * RAdam, as its authors' class has it: weight decay is decoupled. torch.optim.RAdam couples it by default.
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
export class RAdam extends Optimizer<LiveOptionsOf<typeof rule>, RAdamState> {
  constructor(params: Params<RAdamOptions>, options: RAdamOptions = {}) {
    super(rule, params, options);
  }
}
