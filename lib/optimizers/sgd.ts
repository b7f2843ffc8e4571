import { rangeError } from "../errors";
import type { Params } from "../groups";
import { Optimizer } from "../optimizer";
import { nonNegative, number } from "../options/kinds";
import { defineRule, option, type LiveOptionsOf, type OptionsOf } from "../rule";
import type { State } from "../state-dict";
import { learningRate, onOff, weightDecay } from "./options";

export interface SGDState extends State {
  readonly momentum_buffer?: Float32Array;
}

const rule = defineRule({
  optimizer: "SGD",
  summary: "p − lr·b, b = momentum·b + (1 − dampening)·g",
  names: {
    formula: "sgd",
    coefficients: ["momentum", "one_minus_dampening", "size"],
    choices: { momentum: ["none", "first", "running"], nesterov: ["off", "on"] },
  } as const,
  states: ["momentum_buffer"],
  options: {
    /** Learning rate, ≥ 0. Default 1e-3. */
    lr: learningRate(1e-3),
    /** The part of the last direction that stays, ≥ 0. Default 0: no momentum, and no state. */
    momentum: option(0, nonNegative("momentum value")),
    /** The part of the gradient that does not enter into the momentum. Default 0. */
    dampening: option(0, number),
    /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
    weight_decay: weightDecay(0),
    /** Nesterov's momentum. It needs a momentum and no dampening. Default false. */
    nesterov: onOff(false),
  },
  check: (o) => {
    if (!o.nesterov || (o.momentum > 0 && o.dampening === 0)) return;
    throw rangeError("ERR_INVALID_OPTION", "Nesterov momentum requires a momentum and zero dampening");
  },
  coupledDecay: (o) => o.weight_decay,
  counted: false,
  keepsNone: true,
  published: { obeys: ["maximize"] },
  step:
    ({ slot, choice }) =>
    (o, c, _t, fresh) => {
      c[slot.momentum] = o.momentum;
      c[slot.one_minus_dampening] = 1 - o.dampening;
      c[slot.size] = -o.lr;
      const momentum = o.momentum === 0 ? choice.momentum.none : fresh ? choice.momentum.first : choice.momentum.running;
      return momentum + (o.nesterov ? choice.nesterov.on : choice.nesterov.off);
    },
});

/**
 * The options of SGD.
 *
 * @interface
 */
export type SGDOptions = OptionsOf<typeof rule>;

/**
 * Stochastic gradient descent, bit for bit PyTorch's.
 *
 *     g ← g + weight_decay·p
 *     b ← momentum·b + (1 − dampening)·g     (b ← g in the first step)
 *     p ← p − lr·b                           (nesterov: p − lr·(g + momentum·b))
 *
 * State: b, `momentum_buffer`; without momentum none.
 *
 * Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep learning, ICML 2013.
 */
export class SGD extends Optimizer<LiveOptionsOf<typeof rule>, SGDState> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    super(rule, params, options);
  }
}
