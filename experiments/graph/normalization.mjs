import { add, div, mul, reciprocal, scale, shift, sqrt, square, sub } from "./elementwise.mjs";
import { meanOver, reshape, sum } from "./shape.mjs";
import { sizeOf } from "./value.mjs";

/** A vector with one element for each channel, to broadcast over images. */
const overChannels = (vector, rank) => reshape(vector, [1, vector.shape[0], ...Array(rank - 2).fill(1)]);

function scaleChannels(x, factor, offset) {
  const rank = x.shape.length;
  return add(mul(x, overChannels(factor, rank)), overChannels(offset, rank));
}

/**
 * Batch normalization in training: each channel with mean 0 and variance 1 over the batch, then times gamma plus beta.
 *
 *   y = gamma · (x − mean) / √(variance + epsilon) + beta
 *
 * Returns y and the mean and (biased) variance. Built from reductions: onnxruntime's own BatchNormalization node in training mode writes
 * into shared initializers.
 */
export function batchNorm(x, gamma, beta, { epsilon = 1e-5 } = {}) {
  const { graph } = x;
  const axes = x.shape.flatMap((_, k) => (k === 1 ? [] : [k]));
  const count = sizeOf(x.shape) / x.shape[1];
  const mean = meanOver(x, axes);
  const variance = sub(scale(sumOfSquares(x, axes), 1 / count), square(mean));
  const inverse = reciprocal(sqrt(shift(variance, epsilon)));
  const factor = mul(gamma, inverse);
  const y = scaleChannels(x, factor, sub(beta, mul(mean, factor)));

  const backward = (g) => {
    const gradientSum = sum(g, axes);
    const toGamma = mul(inverse, sub(sum(mul(g, x), axes), mul(mean, gradientSum)));
    const toX = () => {
      const slope = scale(mul(mul(factor, inverse), toGamma), -1 / count);
      const offset = sub(scale(mul(factor, gradientSum), -1 / count), mul(slope, mean));
      const rank = x.shape.length;
      return add(mul(g, overChannels(factor, rank)), scaleChannels(x, slope, offset));
    };
    return [toX, () => toGamma, () => gradientSum];
  };
  return { y: graph.fused(y, [x, gamma, beta], backward), mean, variance };
}

const sumOfSquares = (x, axes) =>
  x.graph.fused(
    x.graph.node("ReduceSumSquare", [x, x.graph.integers(axes)], {
      shape: x.shape.filter((_, k) => !axes.includes(k)),
      attributes: { keepdims: 0 },
    }),
    [x],
    (g) => [() => scale(mul(x, overChannels(g, x.shape.length)), 2)],
  );

/** Batch normalization in evaluation, with a given mean and variance. */
export function batchNormInference(x, gamma, beta, mean, variance, { epsilon = 1e-5 } = {}) {
  const factor = div(gamma, sqrt(shift(variance, epsilon)));
  return scaleChannels(x, factor, sub(beta, mul(mean, factor)));
}

/** Layer normalization over the last axis. Gradients of the first order only. */
export function layerNorm(x, gamma, beta, { epsilon = 1e-5 } = {}) {
  const { graph } = x;
  const last = x.shape.length - 1;
  const rows = x.shape.with(last, 1);
  const outputs = graph.nodes("LayerNormalization", [x, gamma, beta], [x.shape, rows, rows], { axis: last, epsilon });
  // They depend on x, with no gradient defined: a second derivative is an error and not silently wrong.
  const [mean, inverse] = outputs.slice(1).map((value) => graph.fused(value, [x]));
  const others = x.shape.map((_, k) => k).slice(0, -1);
  return graph.fused(outputs[0], [x, gamma, beta], (g) => {
    const normal = mul(sub(x, mean), inverse);
    const toX = () => {
      const weighted = mul(g, gamma);
      const average = (value) => meanOver(value, [last], { keep: true });
      return mul(sub(sub(weighted, average(weighted)), mul(normal, average(mul(weighted, normal)))), inverse);
    };
    return [toX, () => sum(mul(g, normal), others), () => sum(g, others)];
  });
}
