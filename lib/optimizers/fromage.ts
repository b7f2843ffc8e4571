import type { Params } from "../group";
import { Optimizer } from "../optimizer";
import { nonNegative } from "../options";
import { withCommonOptions, type Coefficients, type CommonOptions, type Live, type Rule } from "../rule";

export interface FromageOptions extends CommonOptions {
  /** How long a step is, relative to the tensor's norm, ≥ 0. Default 1e-2. */
  lr?: number;
}

type Options = Live<FromageOptions>;

const coefficients: Coefficients<Options> = (o, _t, into, at) => {
  into[at] = -o.lr;
  into[at + 1] = Math.sqrt(1 + o.lr ** 2);
  return 0;
};

const rule: Rule<Options> = withCommonOptions<Options>({
  optimizer: "Fromage",
  formula: "fromage",
  states: [],
  kinds: { lr: nonNegative("learning rate") } as Rule<Options>["kinds"],
  defaults: { lr: 1e-2 },
  same: (a, b) => a.lr === b.lr,
  coefficients: () => coefficients,
  counted: false,
});

/**
 * Fromage: every tensor moves by a part of its own length.
 *
 *     p ← (p − lr·g·‖p‖/‖g‖) / √(1 + lr²)     (where a norm is 0: (p − lr·g) / √(1 + lr²))
 *
 * The norms are of the whole tensor, summed in double: in blocks of 4096 elements, each in sixteen partial sums, in a fixed order. No state.
 *
 * Bernstein, Vahdat, Yue, Liu: On the distance between two neural networks and the stability of learning, NeurIPS 2020.
 */
export class Fromage extends Optimizer<Options> {
  constructor(params: Params<FromageOptions>, options: FromageOptions = {}) {
    super(rule, params, options);
  }
}
