// AdaBelief as the releases for PyTorch have it: 0.0.5 and 0.2.1. Scalars are doubles, computed in the published classes' order
// of operations; storing them rounds them to float32.
import { warnOnce } from "../errors";
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
  type Bias,
} from "./adam-coefficients";
import { makePower } from "./exact-power";
import { defineRule, type Program, type Resolved, type Step, type Values } from "../rule";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

const names = {
  formula: "adabelief",
  coefficients: ["decay", ...betaNames, ...stepNames],
  choices: {
    decay: ["none", "decoupled"],
    amsgrad: ["off", "eps_in_maximum", "eps_in_variance"],
    phase: ["plain", "rectified", "momentum", "frozen"],
  },
} as const;
const states = ["exp_avg", "exp_avg_var", "max_exp_avg_var"];
type Names = Resolved<(typeof names.coefficients)[number], typeof names.choices>;
type Phase = keyof Names["choice"]["phase"];

const first = {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr: learningRate(1e-3),
  /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.9, 0.999]. */
  betas: twoBetas(0.9, 0.999),
};
const middle = {
  /** ≥ 0. Default 0. */
  weight_decay: weightDecay(0),
  /** Divide by the largest variance so far. Default false. */
  amsgrad: onOff(false),
};
const fixed = {
  /** With weight_decouple: decay by weight_decay alone, not by lr · weight_decay. Default false. */
  fixed_decay: onOff(false),
};

type Options = Values<typeof first & typeof middle & typeof fixed> & { eps: number; weight_decouple: boolean; rectify: boolean };
type Newest = Options & { degenerated_to_sgd: boolean };

/** The factor that multiplies p before its step. */
const decayFactor = (o: Options): number =>
  o.weight_decouple ? 1 - (o.fixed_decay ? o.weight_decay : o.lr * o.weight_decay) : 1;

const coupledDecay = (o: { weight_decouple: boolean; weight_decay: number }): number => (o.weight_decouple ? 0 : o.weight_decay);

/** Writes the coefficients, which both releases have in common. `size` is negative, with its bias correction. */
function write(o: Options, c: Float32Array, { slot, choice }: Names, c2: number, size: number): number {
  const factor = decayFactor(o);
  c[slot.decay] = factor;
  writeBetas(c, slot, o.betas);
  writeStep(c, slot, o.eps, c2, size);
  return factor === 1 ? choice.decay.none : choice.decay.decoupled; // an infinite lr makes it NaN
}

/** The same where the variant must stay: with lr 0 the factor is 1, and multiplies all the same. */
const decayInProgram = (o: Options, { choice }: Names): number =>
  decayFactor(o) === 1 && (!o.weight_decouple || o.weight_decay === 0) ? choice.decay.none : choice.decay.decoupled;

function step005(resolved: Names): Step<Options> {
  const biasOf = makeBias();
  const { choice } = resolved;
  return (o, c, t) => {
    const bias = biasOf(o.betas, t);
    let phase = choice.phase.plain;
    let size = -(o.lr / bias.c1);
    if (o.rectify) {
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
      const known = rhoT > 4;
      if (!known) phase = choice.phase.momentum;
      size = known ? -((rectification005(rhoT, rhoInf) * o.lr) / bias.c1) : -o.lr;
    }
    const decay = write(o, c, resolved, bias.c2, size);
    return decay + (o.amsgrad ? choice.amsgrad.eps_in_maximum : choice.amsgrad.off) + phase;
  };
}

function program005(names: Names): (o: Options, p: Program) => void {
  const { slot, choice } = names;
  return (o, p) => {
    const bias = biasIn(p, o.betas);
    const variant = decayInProgram(o, names) + (o.amsgrad ? choice.amsgrad.eps_in_maximum : choice.amsgrad.off);
    if (!o.rectify) {
      p.variant(variant + choice.phase.plain);
      storeStep(p, slot, bias.c2, p.negative(p.over(o.lr, bias.c1)));
      return;
    }
    const { rhoT, rhoInf } = averageLengthIn(p, o.betas[1] as number, bias.beta2PowerT);
    const known = p.isBelow(4, rhoT);
    const product = p.times(p.times(p.minus(rhoT, 4), p.minus(rhoT, 2)), rhoInf);
    const factor = p.root(p.over(p.over(p.over(product, rhoInf - 4), rhoInf - 2), rhoT));
    p.variant(known, variant + choice.phase.plain, variant + choice.phase.momentum);
    storeStep(p, slot, bias.c2, p.choose(known, p.negative(p.over(p.times(factor, o.lr), bias.c1)), -o.lr));
  };
}

const rectification005 = (rhoT: number, rhoInf: number): number =>
  Math.sqrt(((rhoT - 4) * (rhoT - 2) * rhoInf) / (rhoInf - 4) / (rhoInf - 2) / rhoT);

function step021(resolved: Names): Step<Newest> {
  const biasOf = makeBias();
  const { choice } = resolved;
  return (o, c, t) => {
    const bias = biasOf(o.betas, t);
    let phase: Phase = "plain";
    let size = -(o.lr / bias.c1);
    if (o.rectify) {
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
      phase = rhoT >= 5 ? "rectified" : o.degenerated_to_sgd ? "momentum" : "frozen";
      size = size021(phase, o.lr, bias, rhoT, rhoInf);
    }
    const decay = write(o, c, resolved, bias.c2, size);
    return decay + (o.amsgrad ? choice.amsgrad.eps_in_variance : choice.amsgrad.off) + choice.phase[phase];
  };
}

function program021(names: Names): (o: Newest, p: Program) => void {
  const { slot, choice } = names;
  return (o, p) => {
    const bias = biasIn(p, o.betas);
    const variant = decayInProgram(o, names) + (o.amsgrad ? choice.amsgrad.eps_in_variance : choice.amsgrad.off);
    if (!o.rectify) {
      p.variant(variant + choice.phase.plain);
      storeStep(p, slot, bias.c2, p.negative(p.over(o.lr, bias.c1)));
      return;
    }
    const { rhoT, rhoInf } = averageLengthIn(p, o.betas[1] as number, bias.beta2PowerT);
    const rectified = p.isAtLeast(rhoT, 5);
    const early = o.degenerated_to_sgd ? p.times(p.negative(p.over(1, bias.c1)), o.lr) : 0;
    const late = p.times(p.negative(rectifiedSizeIn(p, bias, rhoT, rhoInf)), o.lr);
    const degenerate = o.degenerated_to_sgd ? choice.phase.momentum : choice.phase.frozen;
    p.variant(rectified, variant + choice.phase.rectified, variant + degenerate);
    storeStep(p, slot, bias.c2, p.choose(rectified, late, early));
  };
}

function size021(phase: Phase, lr: number, bias: Bias, rhoT: number, rhoInf: number): number {
  if (phase === "momentum") return -(1 / bias.c1) * lr;
  return phase === "frozen" ? 0 : -rectifiedSize(bias, rhoT, rhoInf) * lr;
}

/** Release 0.0.5. It always degenerates to SGD. */
export const rule005 = defineRule({
  optimizer: "AdaBelief",
  version: "0.0.5",
  summary: "p − lr/c1 · m/(√s/√c2 + eps), s of (g − m)²",
  names,
  states,
  options: {
    ...first,
    /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. About the square of Adam's. Default 1e-8. */
    eps: epsilon(1e-8),
    ...middle,
    /** Decay the parameter itself (as AdamW) and not through the gradient. Default false. */
    weight_decouple: onOff(false),
    ...fixed,
    /** Rectify the step size (as RAdam). Default false. */
    rectify: onOff(false),
  },
  coupledDecay,
  step: step005,
  program: program005,
  published: {
    state: (o, t) => {
      const beta2 = o.betas[1] as number;
      const { rhoInf, rhoT } = averageLength(beta2, makePower()(beta2, t), t);
      return o.rectify ? { rho_inf: rhoInf, rho_t: rhoT } : { rho_inf: rhoInf };
    },
  },
});

/** Release 0.2.1. */
export const rule021 = defineRule({
  optimizer: "AdaBelief",
  version: "0.2.1",
  summary: "the same, rectified, with decoupled decay",
  names,
  states,
  options: {
    ...first,
    /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. About the square of Adam's. Default 1e-16. */
    eps: epsilon(1e-16),
    ...middle,
    /** Decay the parameter itself (as AdamW) and not through the gradient. Default true. */
    weight_decouple: onOff(true),
    ...fixed,
    /** Rectify the step size (as RAdam). Default true. */
    rectify: onOff(true),
    /** With rectify, while the variance is too uncertain: step as SGD with momentum does; false: do not step. Default true. */
    degenerated_to_sgd: onOff(true),
  },
  coupledDecay,
  step: step021,
  program: program021,
  advise: (o) => {
    if (!o.rectify || !o.amsgrad) return;
    warnOnce("ADABELIEF_AMSGRAD_IGNORED", 'version "0.2.1" ignores amsgrad once rectify has set in, and so does this one');
  },
  published: { group: emptyBuffer },
});
