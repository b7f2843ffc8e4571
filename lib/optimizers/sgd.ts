import { rangeError } from "../errors";
import type { Params } from "../group";
import { Optimizer } from "../optimizer";
import { flag, nonNegative, number } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface SGDOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** What of the last direction stays, ≥ 0. Default 0: no momentum, and no state. */
  momentum?: number;
  /** What of the gradient does not enter into the momentum. Default 0. */
  dampening?: number;
  /** ≥ 0, coupled: weight_decay·p joins the gradient. Default 0. */
  weight_decay?: number;
  /** Nesterov's momentum, which wants a momentum and no dampening. Default false. */
  nesterov?: boolean;
}

export interface SGDState extends State {
  readonly momentum_buffer?: Float32Array;
}

type Options = Live<SGDOptions>;

// The enumeration of native/update/sgd.h, in its order.
const momentum = { none: 0, first: 1, running: 2, count: 3 };

const coefficients: Coefficients<Options> = (o, _t, into, at, fresh) => {
  into[at] = o.momentum;
  into[at + 1] = 1 - o.dampening;
  into[at + 2] = -o.lr;
  if (o.momentum === 0) return momentum.none;
  return (fresh ? momentum.first : momentum.running) + (o.nesterov ? momentum.count : 0);
};

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "SGD",
  formula: "sgd",
  states: ["momentum_buffer"],
  kinds: {
    lr: nonNegative("learning rate"),
    momentum: nonNegative("momentum value"),
    dampening: number,
    weight_decay: nonNegative("weight_decay value"),
    nesterov: flag,
  } as Rule<Options>["kinds"],
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
  same: (a, b) =>
    a.lr === b.lr &&
    a.momentum === b.momentum &&
    a.dampening === b.dampening &&
    a.weight_decay === b.weight_decay &&
    a.nesterov === b.nesterov,
  check: (o) => {
    if (!o.nesterov || (o.momentum > 0 && o.dampening === 0)) return;
    throw rangeError("ERR_INVALID_OPTION", "Nesterov momentum requires a momentum and zero dampening");
  },
  coefficients: () => coefficients,
  coupledDecay: (o) => o.weight_decay,
  counted: false,
});

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
export class SGD extends Optimizer<Options, SGDState> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    super(rule, params, options);
  }
}
