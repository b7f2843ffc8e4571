// The critic of SN-GAN: every weight is divided by its largest singular value (Miyato, Kataoka, Koyama and Yoshida, 2018).
import * as ops from "../graph/index.mjs";
import { constant, normal, uniform } from "./layers.mjs";

const { add, conv2d, detach, div, leakyRelu, matmul, mul, reshape, shift, sqrt, square, sum } = ops;

const normalized = (x) => div(x, shift(sqrt(sum(square(x))), 1e-12));

/**
 * A weight over its largest singular value, which one step of a power iteration estimates in every run of training:
 * v = Wᵀu / ‖Wᵀu‖, u = Wv / ‖Wv‖, σ = uᵀWv. Gradients flow through W alone.
 */
function spectral(scope, shape, initial) {
  const { graph } = scope;
  const weight = scope.weight("weight", shape, initial);
  const rows = shape[0];
  const matrix = reshape(weight, [rows, shape.slice(1).reduce((a, b) => a * b)]);
  const u = scope.buffer("u", [rows, 1], () => normal(1)(scope.network.random));
  const before = graph.input(u);
  const still = detach(matrix);
  const v = detach(normalized(matmul(still, before, { transA: true })));
  const after = scope.training ? detach(normalized(matmul(still, v))) : before;
  if (scope.training) {
    const latest = graph.output(after);
    scope.updates.push(() => u.data.set(latest));
  }
  const sigma = sum(mul(after, matmul(matrix, v)));
  return div(weight, sigma);
}

function spectralConv(scope, x, outputs, kernel, stride) {
  const weight = spectral(scope, [outputs, x.shape[1], kernel, kernel], normal(0.02));
  const bias = scope.weight("bias", [outputs], constant(0));
  return add(conv2d(x, weight, { stride, padding: 1 }), reshape(bias, [1, outputs, 1, 1]));
}

/** A score for each image: for each halving a convolution of 3 × 3 and one of 4 × 4 with stride 2. */
export function spectralCritic(scope, images, { width, size }) {
  let x = images;
  for (let k = 0; k < Math.log2(size / 4); ++k) {
    x = leakyRelu(spectralConv(scope.child(`conv${k}`), x, width * 2 ** k, 3, 1), 0.1);
    x = leakyRelu(spectralConv(scope.child(`down${k}`), x, width * 2 ** (k + 1), 4, 2), 0.1);
  }
  const [rows, ...rest] = x.shape;
  const inputs = rest.reduce((a, b) => a * b);
  const score = scope.child("score");
  return matmul(reshape(x, [rows, inputs]), spectral(score, [1, inputs], uniform(1 / Math.sqrt(inputs))), { transB: true });
}
