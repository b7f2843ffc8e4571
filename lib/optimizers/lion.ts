import type { Params } from "../group";
import { writeBetas } from "../moments";
import { Optimizer } from "../optimizer";
import { betas, nonNegative, sameBetas } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";
import type { State } from "../state-dict";

export interface LionOptions extends CommonOptions {
  /** Learning rate, ≥ 0: the length of every element's step. Default 1e-4. */
  lr?: number;
  /** What the momentum weighs in the direction, and its own decay, each in [0, 1). Default [0.9, 0.99]. */
  betas?: readonly number[];
  /** ≥ 0, decoupled: p is multiplied by 1 − lr·weight_decay. Default 0. */
  weight_decay?: number;
}

export interface LionState extends State {
  readonly exp_avg: Float32Array;
}

type Options = Live<LionOptions>;

// The variants of native/update/lion.h.
const variant = { noDecay: 0, decoupled: 1 };

const coefficients: Coefficients<Options> = (o, _t, into, at) => {
  const factor = (into[at] = 1 - o.lr * o.weight_decay);
  into[writeBetas(into, at + 1, o.betas)] = -o.lr;
  return factor === 1 ? variant.noDecay : variant.decoupled;
};

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "Lion",
  formula: "lion",
  states: ["exp_avg"],
  kinds: {
    lr: nonNegative("learning rate"),
    betas,
    weight_decay: nonNegative("weight_decay value"),
  } as Rule<Options>["kinds"],
  defaults: { lr: 1e-4, betas: Object.freeze([0.9, 0.99]), weight_decay: 0 },
  same: (a, b) => a.lr === b.lr && sameBetas(a.betas, b.betas) && a.weight_decay === b.weight_decay,
  coefficients: () => coefficients,
  counted: false,
});

/**
 * Lion: every element moves by lr, in the direction of its momentum's sign.
 *
 *     p ← p·(1 − lr·weight_decay)
 *     p ← p − lr·sign(β1·m + (1−β1)·g)
 *     m ← β2·m + (1−β2)·g
 *
 * State: m `exp_avg`.
 *
 * Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le: Symbolic Discovery of Optimization Algorithms, NeurIPS 2023.
 */
export class Lion extends Optimizer<Options, LionState> {
  constructor(params: Params<LionOptions>, options: LionOptions = {}) {
    super(rule, params, options);
  }
}
