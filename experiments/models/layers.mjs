// Layers: parameters with PyTorch's names, layouts and initial distributions, and what they do to a value.
import * as ops from "../graph/index.mjs";

const { add, matmul, reshape } = ops;

export const uniform = (bound) => (random) => (2 * random.uniform() - 1) * bound;
export const normal =
  (deviation, mean = 0) =>
  (random) =>
    mean + deviation * random.normal();
export const constant = (value) => () => value;

/** x · weightᵀ + bias */
export function linear(scope, x, outputs, { bias = true, initial } = {}) {
  const inputs = x.shape[1];
  initial ??= uniform(1 / Math.sqrt(inputs));
  const y = matmul(x, scope.weight("weight", [outputs, inputs], initial), { transB: true });
  return bias ? add(y, scope.weight("bias", [outputs], uniform(1 / Math.sqrt(inputs)))) : y;
}

const overImages = (bias) => reshape(bias, [1, bias.shape[0], 1, 1]);

export function conv(scope, x, outputs, { kernel = 3, stride = 1, padding = kernel >> 1, bias = false, initial } = {}) {
  const inputs = x.shape[1];
  const bound = 1 / Math.sqrt(inputs * kernel ** 2);
  const weight = scope.weight("weight", [outputs, inputs, kernel, kernel], initial ?? uniform(bound));
  const y = ops.conv2d(x, weight, { stride, padding });
  return bias ? add(y, overImages(scope.weight("bias", [outputs], uniform(bound)))) : y;
}

/** A transposed convolution that doubles height and width. */
export function upsample(scope, x, outputs, { kernel = 4, bias = false, initial } = {}) {
  const inputs = x.shape[1];
  const bound = 1 / Math.sqrt(outputs * kernel ** 2);
  const weight = scope.weight("weight", [inputs, outputs, kernel, kernel], initial ?? uniform(bound));
  const y = ops.conv2dTransposed(x, weight, { stride: 2, padding: 1 });
  return bias ? add(y, overImages(scope.weight("bias", [outputs], uniform(bound)))) : y;
}

/** Batch normalization: with the batch's statistics in training, with running ones in evaluation. */
export function batchNorm(scope, x, { momentum = 0.1, initial = constant(1) } = {}) {
  const channels = x.shape[1];
  const gamma = scope.weight("weight", [channels], initial);
  const beta = scope.weight("bias", [channels], constant(0));
  const mean = scope.buffer("running_mean", [channels], constant(0));
  const variance = scope.buffer("running_var", [channels], constant(1));
  const { graph } = scope;
  if (!scope.training) return ops.batchNormInference(x, gamma, beta, graph.input(mean), graph.input(variance));

  const result = ops.batchNorm(x, gamma, beta);
  const count = x.shape.reduce((product, size) => product * size) / channels;
  // The running variance is of the unbiased estimate, as in PyTorch.
  const follow = (running, batch, factor) => {
    const latest = graph.output(batch);
    scope.updates.push(() => {
      for (let k = 0; k < channels; ++k) running.data[k] += momentum * (factor * latest[k] - running.data[k]);
    });
  };
  follow(mean, result.mean, 1);
  follow(variance, result.variance, count / (count - 1));
  return result.y;
}

export function layerNorm(scope, x) {
  const width = x.shape.at(-1);
  return ops.layerNorm(x, scope.weight("weight", [width], constant(1)), scope.weight("bias", [width], constant(0)));
}
