// The generator and critic of a deep convolutional GAN (Radford, Metz and Chintala, 2015).
import { leakyRelu, relu, reshape, tanh } from "../graph/index.mjs";
import { batchNorm, conv, linear, normal, upsample } from "./layers.mjs";

const initial = normal(0.02);
const gamma = { initial: normal(0.02, 1) };

/** Images in (-1, 1) of noise [rows, inputs]: 4 × 4 pixels at first, doubled until `size`. */
export function generator(scope, noise, { width, channels, size }) {
  const doublings = Math.log2(size / 4);
  const first = width * 2 ** (doublings - 1);
  const flat = linear(scope.child("linear"), noise, first * 16, { bias: false, initial });
  let x = relu(batchNorm(scope.child("norm0"), reshape(flat, [noise.shape[0], first, 4, 4]), gamma));
  for (let k = 1; k < doublings; ++k) {
    x = upsample(scope.child(`up${k}`), x, first / 2 ** k, { initial });
    x = relu(batchNorm(scope.child(`norm${k}`), x, gamma));
  }
  return tanh(upsample(scope.child("image"), x, channels, { bias: true, initial }));
}

/** A score for each image. `normalize`: batch normalization, which a gradient penalty rules out. */
export function critic(scope, images, { width, size, normalize = false }) {
  const halvings = Math.log2(size / 4);
  let x = images;
  for (let k = 0; k < halvings; ++k) {
    x = conv(scope.child(`down${k}`), x, width * 2 ** k, { kernel: 4, stride: 2, padding: 1, bias: !normalize, initial });
    if (normalize && k > 0) x = batchNorm(scope.child(`norm${k}`), x, gamma);
    x = leakyRelu(x, 0.2);
  }
  const [rows, ...rest] = x.shape;
  return linear(scope.child("score"), reshape(x, [rows, rest.reduce((a, b) => a * b)]), 1, { bias: false, initial });
}
