// Options that many optimizers have, each with its default.
import { betas, flag, nonNegative } from "../options/kinds";
import { option, type Option } from "../options/schema";

export const learningRate = (fallback: number): Option<number> => option(fallback, nonNegative("learning rate"));
export const epsilon = (fallback: number): Option<number> => option(fallback, nonNegative("epsilon value"));
export const weightDecay = (fallback: number): Option<number> => option(fallback, nonNegative("weight_decay value"));
export const twoBetas = (beta1: number, beta2: number): Option<readonly number[]> =>
  option<readonly number[]>(Object.freeze([beta1, beta2]), betas);
export const onOff = (fallback: boolean): Option<boolean> => option(fallback, flag);
