// AdaBelief as the releases for TensorFlow have it: 0.0.1 and 0.2.1. One count of steps serves all parameters.
import { averageLength, makeBias, writeBetas, writeStep } from "../moments";
import { averageThreshold, betas, flag, nonNegative, proportion, sameBetas, whole, type Kinds } from "../options";
import { warmedUp } from "../warmup";
import { withCommonOptions, type Coefficients, type Rule } from "../rule";
import type { AdaBeliefGroupOptionsTf001, AdaBeliefGroupOptionsTf021 } from "./adabelief-options";

type Options001 = Required<Omit<AdaBeliefGroupOptionsTf001, "centralize">>;
type Options021 = Required<Omit<AdaBeliefGroupOptionsTf021, "centralize">>;

// The enumerations of native/update/adabelief_tensorflow.h, in its order.
const decay = { none: 0, withStep: 1, count: 2 };
const amsgrad = { count: 2 };
const phase = { uncorrected: 0, corrected: 1, momentum: 2 };

const variant = (decays: boolean, amsgrads: boolean, phaseKind: number): number =>
  (decays ? decay.withStep : decay.none) + decay.count * (Number(amsgrads) + amsgrad.count * phaseKind);

function coefficients001(): Coefficients<Options001> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const { c1, c2 } = biasOf(o.betas, t);
    writeStep(into, writeBetas(into, at, o.betas), o.eps, c2, -((o.lr * Math.sqrt(c2)) / c1));
    return variant(false, o.amsgrad, phase.uncorrected);
  };
}

function coefficients021(): Coefficients<Options021> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const { c1, c2, beta2PowerT } = biasOf(o.betas, t);
    const { rhoT, rhoInf } = averageLength(o.betas[1] as number, beta2PowerT, t);
    const early = o.rectify && rhoT < o.sma_threshold;
    const rectification =
      o.rectify && !early ? Math.sqrt(((((rhoT - 4) / (rhoInf - 4)) * (rhoT - 2)) / (rhoInf - 2)) * (rhoInf / rhoT)) : 1;
    const next = writeStep(into, writeBetas(into, at, o.betas), o.eps, c2, rectification / c1);
    into[next] = c2;
    into[next + 1] = o.weight_decay;
    into[next + 2] = -(o.total_steps === 0 ? o.lr : warmedUp(o.lr, o, t));
    return variant(o.weight_decay !== 0, o.amsgrad, early ? phase.momentum : phase.corrected);
  };
}

const common = {
  optimizer: "AdaBelief",
  formula: "adabelief_tensorflow",
  states: ["exp_avg", "exp_avg_var", "max_exp_avg_var"],
  oneCount: true,
};

const kinds001: Kinds<Options001> = {
  lr: nonNegative("learning rate"),
  betas,
  eps: nonNegative("epsilon value"),
  amsgrad: flag,
};

const defaults001: Options001 = { lr: 1e-3, betas: Object.freeze([0.9, 0.999]), eps: 1e-8, amsgrad: false };

const same001 = (a: Options001, b: Options001): boolean =>
  a.lr === b.lr && sameBetas(a.betas, b.betas) && a.eps === b.eps && a.amsgrad === b.amsgrad;

export const tensorflowRule001: Rule<Options001> = withCommonOptions({
  ...common,
  version: "tf-0.0.1",
  kinds: kinds001,
  defaults: defaults001,
  same: same001,
  coefficients: coefficients001,
});

export const tensorflowRule021: Rule<Options021> = withCommonOptions({
  ...common,
  version: "tf-0.2.1",
  kinds: {
    ...kinds001,
    weight_decay: nonNegative("weight_decay value"),
    rectify: flag,
    sma_threshold: averageThreshold,
    total_steps: whole(0),
    warmup_proportion: proportion,
    min_lr: nonNegative("min_lr"),
  },
  defaults: {
    ...defaults001,
    eps: 1e-14,
    weight_decay: 0,
    rectify: true,
    sma_threshold: 5,
    total_steps: 0,
    warmup_proportion: 0.1,
    min_lr: 0,
  },
  same: (a: Options021, b: Options021) =>
    same001(a, b) &&
    a.weight_decay === b.weight_decay &&
    a.rectify === b.rectify &&
    a.sma_threshold === b.sma_threshold &&
    a.total_steps === b.total_steps &&
    a.warmup_proportion === b.warmup_proportion &&
    a.min_lr === b.min_lr,
  coefficients: coefficients021,
});
