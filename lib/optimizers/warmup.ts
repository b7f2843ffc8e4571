import type { Program, Value } from "../rule";

/** What a learning rate with warm-up is made of. */
export interface Warmup {
  /** Steps of the whole training. */
  readonly total_steps: number;
  /** The part of them in which lr rises, in [0, 1]. */
  readonly warmup_proportion: number;
  /** What lr falls to. */
  readonly min_lr: number;
}

/**
 * The learning rate at step t, from 1, as in AdaBelief-TensorFlow 0.2.1. With W = total_steps·warmup_proportion and D = max(total_steps − W, 1):
 *
 *     lr·t/W                                 for t ≤ W
 *     lr + (min_lr − lr)·min(t − W, D)/D     after that
 */
export function warmedUp(lr: number, { total_steps, warmup_proportion, min_lr }: Warmup, t: number): number {
  const warmup = total_steps * warmup_proportion;
  if (t <= warmup) return (lr * t) / warmup;
  const decay = Math.max(total_steps - warmup, 1);
  return lr + ((min_lr - lr) * Math.min(t - warmup, decay)) / decay;
}

/** The same in a program. */
export function warmedUpIn(p: Program, lr: number, { total_steps, warmup_proportion, min_lr }: Warmup): Value {
  const warmup = total_steps * warmup_proportion;
  const decay = Math.max(total_steps - warmup, 1);
  const since = p.minus(p.t(), warmup);
  const within = p.choose(p.isBelow(since, decay), since, decay);
  const after = p.plus(lr, p.over(p.times(min_lr - lr, within), decay));
  return p.choose(p.isAtLeast(warmup, p.t()), p.over(p.times(lr, p.t()), warmup), after);
}
