import type { Params } from "../groups";
import { betaNames, biasIn, makeBias, stepNames, storeStep, writeBetas, writeStep } from "./adam-coefficients";
import { Optimizer } from "../optimizer";
import { defineRule, type LiveOptionsOf, type OptionsOf, type Program, type Resolved, type Step, type Values } from "../rule";
import type { State } from "../state-dict";
import { epsilon, learningRate, onOff, twoBetas, weightDecay } from "./options";

export interface AdamState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_sq: Float32Array;
  readonly max_exp_avg_sq?: Float32Array;
}

const names = {
  formula: "adam",
  coefficients: ["decay", ...betaNames, ...stepNames],
  choices: { decay: ["none", "decoupled"], amsgrad: ["off", "on"] },
} as const;
const states = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

const first = {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr: learningRate(1e-3),
  /** Decay of the running means of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas: twoBetas(0.9, 0.999),
  /** Added to the denominator, ≥ 0. Default 1e-8. */
  eps: epsilon(1e-8),
};

const last = {
  /** Divide by the largest mean square so far. Default false. */
  amsgrad: onOff(false),
};

type Shared = Values<typeof first & typeof last>;

type Names = Resolved<(typeof names.coefficients)[number], typeof names.choices>;

/** The step, for a factor that multiplies p. */
function makeStep<O extends Shared>({ slot, choice }: Names, factorOf: (o: O) => number): Step<O> {
  const biasOf = makeBias();
  return (o, c, t) => {
    const { c1, c2 } = biasOf(o.betas, t);
    const factor = factorOf(o);
    c[slot.decay] = factor;
    writeBetas(c, slot, o.betas);
    writeStep(c, slot, o.eps, c2, -(o.lr / c1));
    return (factor === 1 ? choice.decay.none : choice.decay.decoupled) + (o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off);
  };
}

/** The program, for whether a factor multiplies p: also where lr is 0, and the factor 1. */
function makeProgram<O extends Shared>({ slot, choice }: Names, decays: (o: O) => boolean): (o: O, p: Program) => void {
  return (o, p) => {
    const { c1, c2 } = biasIn(p, o.betas);
    storeStep(p, slot, c2, p.negative(p.over(o.lr, c1)));
    p.variant((decays(o) ? choice.decay.decoupled : choice.decay.none) + (o.amsgrad ? choice.amsgrad.on : choice.amsgrad.off));
  };
}

const adam = defineRule({
  optimizer: "Adam",
  summary: "p − lr/c1 · m/(√v/√c2 + eps), v of g²",
  names,
  states,
  options: {
    ...first,
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
    ...last,
  },
  coupledDecay: (o) => o.weight_decay,
  published: { obeys: ["maximize"] },
  step: (resolved) => makeStep(resolved, () => 1),
  program: (resolved) => makeProgram(resolved, () => false),
});

const factorOf = (o: Shared & { weight_decay: number }): number => 1 - o.lr * o.weight_decay;

const adamW = defineRule({
  optimizer: "AdamW",
  summary: "p·(1 − lr·weight_decay), then Adam",
  names,
  states,
  options: {
    ...first,
    /** ≥ 0, decoupled: p is multiplied by 1 − lr·weight_decay. Default 1e-2. */
    weight_decay: weightDecay(1e-2),
    ...last,
  },
  published: { obeys: ["maximize"] },
  step: (resolved) => makeStep(resolved, factorOf),
  program: (resolved) =>
    makeProgram(resolved, (o: Shared & { weight_decay: number }) => o.weight_decay !== 0 || factorOf(o) !== 1),
});

/**
 * The options of Adam.
 *
 * @interface
 */
export type AdamOptions = OptionsOf<typeof adam>;

/**
 * The options of AdamW.
 *
 * @interface
 */
export type AdamWOptions = OptionsOf<typeof adamW>;

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
export class Adam extends Optimizer<LiveOptionsOf<typeof adam>, AdamState> {
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
export class AdamW extends Optimizer<LiveOptionsOf<typeof adamW>, AdamState> {
  constructor(params: Params<AdamWOptions>, options: AdamWOptions = {}) {
    super(adamW, params, options);
  }
}
