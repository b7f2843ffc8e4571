// AdaBelief as the releases for PyTorch have it: 0.0.5 and 0.2.1. Scalars are doubles, computed in the published classes' order
// of operations; storing them rounds them to float32.
import { warnOnce } from "../errors";
import { averageLength, emptyBuffer, makeBias, rectifiedSize, writeBetas, writeStep, type Bias } from "../moments";
import { betas, flag, nonNegative, sameBetas, type Kinds } from "../options";
import { makePower } from "../power";
import { withCommonOptions, type Coefficients, type Rule } from "../rule";
import type { AdaBeliefLiveOptions } from "./adabelief-options";

type Options = AdaBeliefLiveOptions;

// The enumerations of native/update/adabelief.h, in its order.
const decay = { none: 0, decoupled: 1, count: 2 };
const amsgrad = { none: 0, epsInMaximum: 1, epsInVariance: 2, count: 3 };
const phase = { plain: 0, rectified: 1, momentum: 2, frozen: 3 };

/** The phase of a rectified step. */
function phaseOf(newest: boolean, o: Options, rhoT: number): number {
  if (newest) return rhoT >= 5 ? phase.rectified : o.degenerated_to_sgd ? phase.momentum : phase.frozen;
  return rhoT > 4 ? phase.plain : phase.momentum;
}

/** The size of a rectified step: negative, with its bias correction. */
function sizeOf(newest: boolean, { lr }: Options, bias: Bias, phaseKind: number, rhoT: number, rhoInf: number): number {
  if (phaseKind === phase.momentum) return newest ? -(1 / bias.c1) * lr : -lr;
  if (newest) return phaseKind === phase.frozen ? 0 : -rectifiedSize(bias, rhoT, rhoInf) * lr;
  const rectification = Math.sqrt(((rhoT - 4) * (rhoT - 2) * rhoInf) / (rhoInf - 4) / (rhoInf - 2) / rhoT);
  return -((rectification * lr) / bias.c1);
}

/** What p is multiplied by before its step. */
function decayFactor(o: Options): number {
  return o.weight_decouple ? 1 - (o.fixed_decay ? o.weight_decay : o.lr * o.weight_decay) : 1;
}

function coefficients(newest: boolean): Coefficients<Options> {
  const biasOf = makeBias();
  return (o, t, into, at) => {
    const bias = biasOf(o.betas, t);
    let phaseKind = phase.plain;
    let size = -(o.lr / bias.c1);
    if (o.rectify) {
      const { rhoT, rhoInf } = averageLength(o.betas[1] as number, bias.beta2PowerT, t);
      phaseKind = phaseOf(newest, o, rhoT);
      size = sizeOf(newest, o, bias, phaseKind, rhoT, rhoInf);
    }
    const amsgradKind = o.amsgrad ? (newest ? amsgrad.epsInVariance : amsgrad.epsInMaximum) : amsgrad.none;
    const factor = (into[at] = decayFactor(o));
    writeStep(into, writeBetas(into, at + 1, o.betas), o.eps, bias.c2, size);
    const decayKind = factor === 1 ? decay.none : decay.decoupled; // an infinite lr makes it NaN
    return decayKind + decay.count * (amsgradKind + amsgrad.count * phaseKind);
  };
}

const kinds: Kinds<Omit<Required<Options>, "centralize">> = {
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

export function pytorchRule(version: "0.0.5" | "0.2.1", differing: Partial<Options>): Rule<Options> {
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
  return withCommonOptions<Options>({
    optimizer: "AdaBelief",
    version,
    formula: "adabelief",
    states: ["exp_avg", "exp_avg_var", "max_exp_avg_var"],
    kinds: (newest ? kinds : older) as unknown as Kinds<Options>,
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
    coefficients: () => coefficients(newest),
    coupledDecay: (o) => (o.weight_decouple ? 0 : o.weight_decay),
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
      group: () => (newest ? emptyBuffer() : {}),
    },
  });
}
