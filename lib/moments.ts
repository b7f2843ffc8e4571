// Coefficients that the relatives of Adam share: native/update/moments.h has what becomes of them.
import { makePower } from "./power";

/** The bias corrections of one step, and β2^t. */
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

/** Writes `Betas`; returns where the next coefficient goes. */
export function writeBetas(into: Float32Array, at: number, betas: readonly number[], second = betas[1] as number): number {
  const beta1 = betas[0] as number;
  into[at] = beta1;
  into[at + 1] = 1 - beta1;
  into[at + 2] = second;
  into[at + 3] = 1 - second;
  return at + 4;
}

/** Writes `Step`: `size` is negative, and rounded here for the first time. Returns where the next coefficient goes. */
export function writeStep(into: Float32Array, at: number, eps: number, c2: number, size: number): number {
  into[at] = eps;
  into[at + 1] = Math.sqrt(c2);
  into[at + 2] = size;
  return at + 3;
}

/** ρt, the length of the approximated simple moving average, and its limit ρ∞ (Liu et al., RAdam). */
export function averageLength(beta2: number, beta2PowerT: number, t: number): { rhoT: number; rhoInf: number } {
  const rhoInf = 2 / (1 - beta2) - 1;
  return { rhoInf, rhoT: rhoInf - (2 * t * beta2PowerT) / (1 - beta2PowerT) };
}

/** The rectified step size of RAdam's authors, √[c2·(ρt−4)/(ρ∞−4)·(ρt−2)/ρt·ρ∞/(ρ∞−2)]/c1, in their order of operations. */
export function rectifiedSize({ c1, c2 }: Bias, rhoT: number, rhoInf: number): number {
  return Math.sqrt((((((c2 * (rhoT - 4)) / (rhoInf - 4)) * (rhoT - 2)) / rhoT) * rhoInf) / (rhoInf - 2)) / c1;
}

/** RAdam's cache of step sizes, empty: the published classes that rectify fail where their group has none. */
export const emptyBuffer = (): object => ({ buffer: Array.from({ length: 10 }, () => [null, null, null]) });
