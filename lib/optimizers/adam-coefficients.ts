// Names and coefficients that the relatives of Adam share: native/update/moments.h has their meaning.
import { makePower } from "./exact-power";
import type { Program, Slots, Value } from "../rule";

/** The coefficients of `Betas` and `Step` in native/update/moments.h. */
export const betaNames = ["beta1", "one_minus_beta1", "beta2", "one_minus_beta2"] as const;
export const stepNames = ["eps", "sqrt_bias_correction2", "size"] as const;

/** The bias corrections of one step, and the powers that they are made of. */
export interface Bias {
  /** 1 − β1^t and 1 − β2^t */
  c1: number;
  c2: number;
  beta1PowerT: number;
  beta2PowerT: number;
}

/** Makes a function that computes the bias corrections of step t; what it returns is good until the next call. */
export function makeBias(): (betas: readonly number[], t: number) => Bias {
  const beta1Power = makePower();
  const beta2Power = makePower();
  const bias: Bias = { c1: 1, c2: 1, beta1PowerT: 0, beta2PowerT: 0 };
  return (betas, t) => {
    bias.beta1PowerT = beta1Power(betas[0] as number, t);
    bias.beta2PowerT = beta2Power(betas[1] as number, t);
    bias.c1 = 1 - bias.beta1PowerT;
    bias.c2 = 1 - bias.beta2PowerT;
    return bias;
  };
}

/** The same in a program. */
export type ProgramBias = Readonly<Record<keyof Bias, Value>>;

export function biasIn(p: Program, betas: readonly number[]): ProgramBias {
  const [beta1PowerT, beta2PowerT] = [p.power(betas[0] as number), p.power(betas[1] as number)];
  return { beta1PowerT, beta2PowerT, c1: p.minus(1, beta1PowerT), c2: p.minus(1, beta2PowerT) };
}

/** Writes the coefficients of both means. */
export function writeBetas(
  c: Float32Array,
  slot: Slots<(typeof betaNames)[number]>,
  betas: readonly number[],
  second = betas[1] as number,
): void {
  const beta1 = betas[0] as number;
  c[slot.beta1] = beta1;
  c[slot.one_minus_beta1] = 1 - beta1;
  c[slot.beta2] = second;
  c[slot.one_minus_beta2] = 1 - second;
}

/** Writes the coefficients of a step: `size` is negative, and rounded here for the first time. */
export function writeStep(c: Float32Array, slot: Slots<(typeof stepNames)[number]>, eps: number, c2: number, size: number): void {
  c[slot.eps] = eps;
  c[slot.sqrt_bias_correction2] = Math.sqrt(c2);
  c[slot.size] = size;
}

/** What of `writeStep` depends on the number of the step, in a program. */
export function storeStep(p: Program, slot: Slots<(typeof stepNames)[number]>, c2: Value, size: Value): void {
  p.store(slot.sqrt_bias_correction2, p.root(c2));
  p.store(slot.size, size);
}

/** ρt, the length of the approximated simple moving average, and its limit ρ∞ (Liu et al., RAdam). */
export function averageLength(beta2: number, beta2PowerT: number, t: number): { rhoT: number; rhoInf: number } {
  const rhoInf = 2 / (1 - beta2) - 1;
  return { rhoInf, rhoT: rhoInf - (2 * t * beta2PowerT) / (1 - beta2PowerT) };
}

/** The same in a program. */
export function averageLengthIn(p: Program, beta2: number, beta2PowerT: Value): { rhoT: Value; rhoInf: number } {
  const rhoInf = 2 / (1 - beta2) - 1;
  return { rhoInf, rhoT: p.minus(rhoInf, p.over(p.times(p.times(2, p.t()), beta2PowerT), p.minus(1, beta2PowerT))) };
}

/** The rectified step size of RAdam's authors, √[c2·(ρt−4)/(ρ∞−4)·(ρt−2)/ρt·ρ∞/(ρ∞−2)]/c1, in their order of operations. */
export function rectifiedSize({ c1, c2 }: Bias, rhoT: number, rhoInf: number): number {
  return Math.sqrt((((((c2 * (rhoT - 4)) / (rhoInf - 4)) * (rhoT - 2)) / rhoT) * rhoInf) / (rhoInf - 2)) / c1;
}

/** The same in a program. */
export function rectifiedSizeIn(p: Program, { c1, c2 }: ProgramBias, rhoT: Value, rhoInf: number): Value {
  const first = p.times(p.over(p.times(c2, p.minus(rhoT, 4)), rhoInf - 4), p.minus(rhoT, 2));
  return p.over(p.root(p.over(p.times(p.over(first, rhoT), rhoInf), rhoInf - 2)), c1);
}

/** RAdam's empty cache of step sizes. The published rectifying classes fail if a group lacks it. */
export const emptyBuffer = (): object => ({ buffer: Array.from({ length: 10 }, () => [null, null, null]) });
