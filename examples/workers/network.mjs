// A network of two dense layers in plain JavaScript: its loss and gradients for one image at a time.

/** The lengths of its parameters: two weights, two biases. */
export const lengthsOf = ({ inputs, hidden, outputs }) => [inputs * hidden, hidden, hidden * outputs, outputs];

/** Adds the gradients of one image's loss to `gradients`, and returns that loss. */
export function addGradients(sizes, parameters, gradients, image, digit) {
  const { inputs, hidden, outputs } = sizes;
  const [weight1, bias1, weight2, bias2] = parameters;
  const [gradWeight1, gradBias1, gradWeight2, gradBias2] = gradients;
  const h = new Float64Array(hidden);
  for (let j = 0; j < hidden; ++j) {
    let sum = bias1[j];
    for (let i = 0; i < inputs; ++i) sum += weight1[j * inputs + i] * image[i];
    h[j] = Math.max(sum, 0);
  }
  const logits = Float64Array.from(bias2);
  for (let k = 0; k < outputs; ++k) for (let j = 0; j < hidden; ++j) logits[k] += weight2[k * hidden + j] * h[j];
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);

  const back = new Float64Array(hidden);
  for (let k = 0; k < outputs; ++k) {
    const g = Math.exp(logits[k] - largest) / sum - (k === digit ? 1 : 0);
    gradBias2[k] += g;
    for (let j = 0; j < hidden; ++j) {
      gradWeight2[k * hidden + j] += g * h[j];
      back[j] += g * weight2[k * hidden + j];
    }
  }
  for (let j = 0; j < hidden; ++j) {
    if (h[j] === 0) continue;
    gradBias1[j] += back[j];
    for (let i = 0; i < inputs; ++i) gradWeight1[j * inputs + i] += back[j] * image[i];
  }
  return Math.log(sum) + largest - logits[digit];
}

/** One shared array as an array a length. */
export function cut(whole, lengths) {
  let at = 0;
  return lengths.map((length) => whole.subarray(at, (at += length)));
}
