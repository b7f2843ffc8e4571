import { describe, rangeError, typeError, warnOnce } from "./errors";
import { betas, flag, nonNegative, sameBetas, requireObject, type Kinds } from "./options";
import { Optimizer } from "./optimizer";
import type { Params } from "./group";
import type { State } from "./state-dict";
import { makePower } from "./power";
import type { Coefficients, Rule } from "./rule";

/** The options of a group, in PyTorch's names. */
export interface AdaBeliefGroupOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. About the square of Adam's. Default 1e-8; "0.2.1": 1e-16. */
  eps?: number;
  /** ≥ 0. Default 0. */
  weight_decay?: number;
  /** Divide by the largest variance so far. Default false. */
  amsgrad?: boolean;
  /** Decay the parameter itself (as AdamW) and not through the gradient. Default false; "0.2.1": true. */
  weight_decouple?: boolean;
  /** With weight_decouple: decay by weight_decay alone, not by lr · weight_decay. Default false. */
  fixed_decay?: boolean;
  /** Rectify the step size (as RAdam). Default false; "0.2.1": true. */
  rectify?: boolean;
}

/** The options of a group of release 0.2.1. */
export interface AdaBeliefGroupOptions021 extends AdaBeliefGroupOptions {
  /** With rectify, while the variance is too uncertain: step as SGD with momentum does; false: do not step. Default true. */
  degenerated_to_sgd?: boolean;
}

interface Ignored {
  /** Accepted and ignored: nothing is printed. */
  print_change_log?: boolean;
}

export type AdaBeliefOptions005 = AdaBeliefGroupOptions & Ignored & { version?: "0.0.5" };
export type AdaBeliefOptions021 = AdaBeliefGroupOptions021 & Ignored & { version: "0.2.1" };
export type AdaBeliefOptions = AdaBeliefOptions005 | AdaBeliefOptions021;
export type AdaBeliefVersion = "0.0.5" | "0.2.1";

/** `step` counts the parameter's own updates; the arrays are live and as long as the parameter. */
export interface AdaBeliefState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_var: Float32Array;
  readonly max_exp_avg_var?: Float32Array;
}

/** The options as a group has them: all of its version. */
export type AdaBeliefLiveOptions = Required<AdaBeliefGroupOptions> & { degenerated_to_sgd?: boolean };
type Options = AdaBeliefLiveOptions;

// The enumerations of native/update/adabelief.h, in its order.
const decay = { none: 0, decoupled: 1, coupled: 2, count: 3 };
const amsgrad = { none: 0, epsInMaximum: 1, epsInVariance: 2, count: 3 };
const phase = { plain: 0, rectified: 1, momentum: 2, frozen: 3 };

/** ρt, the length of the approximated simple moving average, and its limit ρ∞ (Liu et al., RAdam). */
function averageLength(beta2: number, beta2PowerT: number, t: number): { rhoT: number; rhoInf: number } {
  const rhoInf = 2 / (1 - beta2) - 1;
  return { rhoInf, rhoT: rhoInf - (2 * t * beta2PowerT) / (1 - beta2PowerT) };
}

/** Scalars are doubles, computed in the published classes' order of operations; storing them rounds them to float32. */
function coefficients(version: AdaBeliefVersion): Coefficients<Options> {
  const newest = version === "0.2.1";
  const beta1Power = makePower();
  const beta2Power = makePower();

  const stepSize = (o: Options, t: number, c1: number, c2: number, beta2PowerT: number): [number, number] => {
    if (!o.rectify) return [phase.plain, -(o.lr / c1)];
    const { rhoT, rhoInf } = averageLength(o.betas[1] as number, beta2PowerT, t);
    if (newest) {
      if (rhoT >= 5) {
        const variance = (((((c2 * (rhoT - 4)) / (rhoInf - 4)) * (rhoT - 2)) / rhoT) * rhoInf) / (rhoInf - 2);
        return [phase.rectified, -(Math.sqrt(variance) / c1) * o.lr];
      }
      return o.degenerated_to_sgd ? [phase.momentum, -(1 / c1) * o.lr] : [phase.frozen, 0];
    }
    if (rhoT > 4) {
      const rectification = Math.sqrt(((rhoT - 4) * (rhoT - 2) * rhoInf) / (rhoInf - 4) / (rhoInf - 2) / rhoT);
      return [phase.plain, -((rectification * o.lr) / c1)];
    }
    return [phase.momentum, -o.lr];
  };

  const decayFactor = (o: Options): [number, number] => {
    if (!o.weight_decouple) return o.weight_decay === 0 ? [decay.none, 1] : [decay.coupled, o.weight_decay];
    const factor = 1 - (o.fixed_decay ? o.weight_decay : o.lr * o.weight_decay);
    return factor === 1 ? [decay.none, 1] : [decay.decoupled, factor]; // an infinite lr makes it NaN
  };

  return (o, t, into, at) => {
    const beta1 = o.betas[0] as number;
    const beta2 = o.betas[1] as number;
    const beta2PowerT = beta2Power(beta2, t);
    const c1 = 1 - beta1Power(beta1, t);
    const c2 = 1 - beta2PowerT;
    const [decayKind, factor] = decayFactor(o);
    const [phaseKind, size] = stepSize(o, t, c1, c2, beta2PowerT);
    const amsgradKind = o.amsgrad ? (newest ? amsgrad.epsInVariance : amsgrad.epsInMaximum) : amsgrad.none;
    into[at] = factor;
    into[at + 1] = beta1;
    into[at + 2] = 1 - beta1;
    into[at + 3] = beta2;
    into[at + 4] = 1 - beta2;
    into[at + 5] = o.eps;
    into[at + 6] = Math.sqrt(c2);
    into[at + 7] = size;
    return decayKind + decay.count * (amsgradKind + amsgrad.count * phaseKind);
  };
}

const kinds: Kinds<Required<Options>> = {
  lr: nonNegative("learning rate"),
  betas,
  eps: nonNegative("epsilon value"),
  weight_decay: nonNegative("weight_decay value"),
  amsgrad: flag,
  weight_decouple: flag,
  fixed_decay: flag,
  rectify: flag,
  degenerated_to_sgd: flag,
};

function makeRule(version: AdaBeliefVersion, differing: Partial<Options>): Rule<Options> {
  const newest = version === "0.2.1";
  // 0.0.5 always degenerates to SGD, and has no option that says so.
  const { degenerated_to_sgd: _newer, ...older } = kinds;
  const defaults: Options = {
    lr: 1e-3,
    betas: Object.freeze([0.9, 0.999]),
    eps: 1e-8,
    weight_decay: 0,
    amsgrad: false,
    weight_decouple: false,
    fixed_decay: false,
    rectify: false,
    ...differing,
  };
  return {
    optimizer: "AdaBelief",
    version,
    formula: "adabelief",
    states: ["exp_avg", "exp_avg_var", "max_exp_avg_var"],
    kinds: (newest ? kinds : older) as Kinds<Options>,
    defaults,
    same: (a, b) =>
      a.lr === b.lr &&
      sameBetas(a.betas, b.betas) &&
      a.eps === b.eps &&
      a.weight_decay === b.weight_decay &&
      a.amsgrad === b.amsgrad &&
      a.weight_decouple === b.weight_decouple &&
      a.fixed_decay === b.fixed_decay &&
      a.rectify === b.rectify &&
      a.degenerated_to_sgd === b.degenerated_to_sgd,
    coefficients: () => coefficients(version),
    advise: (options) => {
      if (!newest || !options.rectify || !options.amsgrad) return;
      warnOnce("ADABELIEF_AMSGRAD_IGNORED", 'version "0.2.1" ignores amsgrad once rectify has set in, and so does this one');
    },
    published: {
      state: (options, t) => {
        if (newest) return {};
        const beta2 = options.betas[1] as number;
        const { rhoInf, rhoT } = averageLength(beta2, makePower()(beta2, t), t);
        return options.rectify ? { rho_inf: rhoInf, rho_t: rhoT } : { rho_inf: rhoInf };
      },
      group: () => (newest ? { buffer: Array.from({ length: 10 }, () => [null, null, null]) } : {}),
    },
  };
}

/** The rule of each release, with its defaults. */
export const rules: Record<AdaBeliefVersion, Rule<Options>> = {
  "0.0.5": makeRule("0.0.5", {}),
  "0.2.1": makeRule("0.2.1", { eps: 1e-16, weight_decouple: true, rectify: true, degenerated_to_sgd: true }),
};

/** Splits options into the rule that their version names and the rest. */
export function chooseRule(options: unknown): { rule: Rule<Options>; options: object } {
  requireObject(options, "The options of AdaBelief");
  const { version = "0.0.5", print_change_log: _ignored, ...rest } = options;
  if (typeof version !== "string") throw typeError("ERR_INVALID_OPTION", `version must be a string, got ${describe(version)}`);
  if (!Object.hasOwn(rules, version)) {
    const known = Object.keys(rules).join(", ");
    throw rangeError("ERR_INVALID_OPTION", `Invalid version: ${JSON.stringify(version)}; there are ${known}`);
  }
  return { rule: rules[version as AdaBeliefVersion], options: rest };
}

/**
 * AdaBelief: steps are large where the gradient is what its running mean foretold, small where it is not.
 *
 *     m ← β1·m + (1−β1)·g
 *     s ← β2·s + (1−β2)·(g−m)² + ε
 *     p ← p − lr/(1−β1^t) · m / (√s/√(1−β2^t) + ε)
 *
 * with the variations that the options name (docs/options.md). Bit for bit the published PyTorch classes, run in float32 on a CPU.
 *
 * Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan: AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
 * Gradients, NeurIPS 2020.
 *
 * @example
 * const weight = parameter(new Float32Array(784 * 10));
 * const optimizer = new AdaBelief([weight], { lr: 1e-3 });
 * weight.grad = gradientOf(weight.data);
 * optimizer.step();
 */
export class AdaBelief extends Optimizer<AdaBeliefLiveOptions, AdaBeliefState> {
  /**
   * @param params parameters, or groups of them: `{ params, name?, ...options }`
   * @param options the groups' defaults, and `version`: whose rule and defaults to follow, "0.0.5" (default) or "0.2.1"
   * @throws with a `code`: an option or parameter that cannot be; the same parameter twice; no parameter
   */
  constructor(params: Params<AdaBeliefGroupOptions>, options?: AdaBeliefOptions005);
  constructor(params: Params<AdaBeliefGroupOptions021>, options: AdaBeliefOptions021);
  constructor(params: Params<AdaBeliefGroupOptions>, options: AdaBeliefOptions);
  constructor(params: Params<AdaBeliefGroupOptions021>, options: AdaBeliefOptions = {}) {
    const chosen = chooseRule(options);
    super(chosen.rule, params, chosen.options);
  }
}
