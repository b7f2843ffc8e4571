// What critics and generators minimize. `judge` gives a score for each image of a value.
import {
  add,
  concat,
  detach,
  gradientsOf,
  mean,
  mul,
  relu,
  scale,
  shift,
  splitEqually,
  sqrt,
  square,
  sub,
  sum,
} from "../graph/index.mjs";

/** mean D(made) − mean D(real) (Arjovsky, Chintala and Bottou, 2017). */
export const wassersteinLoss = (judge, real, made) => sub(mean(judge(made)), mean(judge(real)));

/**
 * The Wasserstein loss plus lambda · mean (‖∇D(x)‖ − 1)², at points x between real and made images (Gulrajani and others, 2017).
 * `share` is the share of the real image in each point.
 */
export function penalizedLoss(judge, real, made, share, lambda) {
  const between = detach(add(made, mul(share, sub(real, made))));
  const [slope] = gradientsOf(sum(judge(between)), [between]);
  const norm = sqrt(shift(sum(square(slope), [1, 2, 3]), 1e-12));
  return add(wassersteinLoss(judge, real, made), scale(mean(square(shift(norm, -1))), lambda));
}

/** mean max(0, 1 + D(made)) */
export const hingeOfMade = (scores) => mean(relu(shift(scores, 1)));

/** The hinge loss of SN-GAN: mean max(0, 1 − D(real)) + mean max(0, 1 + D(made)). */
export function hingeLoss(judge, real, made) {
  const [toReal, toMade] = splitEqually(judge(concat([real, made], 0)), 2, 0);
  return add(mean(relu(shift(scale(toReal, -1), 1))), hingeOfMade(toMade));
}

/** −mean D(made), for every generator here. */
export const generatorLoss = (judge, made) => scale(mean(judge(made)), -1);
