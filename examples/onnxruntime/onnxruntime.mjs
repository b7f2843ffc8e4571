// Trains a network on handwritten digits: onnxruntime computes loss and gradients in the optimizer's own Float32Arrays, AdaBelief
// updates them in place. Nothing is copied between the two.
import { AdaBelief, CosineAnnealingLR, info, parameter } from "adabelief";
import { readDigits } from "../digits/mnist.mjs";
import { readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeRandom } from "../shared/random.mjs";
import { Graph } from "./graph.mjs";

const options = readOptions("Handwritten digits, gradients by onnxruntime", {
  digits: [60000, "digits to train on", 100],
  epochs: [4, "times through them", 1],
  batch: [100, "digits a step", 1],
  lr: [1e-3, "learning rate at the beginning"],
  seed: [1, "of the initial weights and the order"],
  below: [Infinity, "fail where the share of wrong answers is not below this"],
});
const random = makeRandom(options.seed);
const sizes = [28 * 28, 512, 256, 10];

/** A layer's weights, uniform with variance 2/inputs, and its biases. */
function makeLayer(inputs, outputs, k) {
  const bound = Math.sqrt(6 / inputs);
  const weights = Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) * bound);
  return {
    weight: parameter(weights, { shape: [inputs, outputs], name: `weight${k}` }),
    bias: parameter(new Float32Array(outputs), { shape: [outputs], name: `bias${k}` }),
  };
}
const layers = sizes.slice(1).map((outputs, k) => makeLayer(sizes[k], outputs, k));
const parameters = layers.flatMap(({ weight, bias }) => [weight, bias]);

/** The network over images, as nodes of a graph. */
function logitsOf(graph, images) {
  return layers.reduce((x, { weight, bias }, k) => {
    const y = graph.add(graph.matmul(x, graph.input(weight)), graph.input(bias));
    return k < layers.length - 1 ? graph.leakyRelu(y, 0.01) : y;
  }, graph.input(images));
}

// Two graphs over the same weights: a batch of digits with gradients, and all held-out digits without.
const images = { data: new Float32Array(options.batch * sizes[0]), shape: [options.batch, sizes[0]] };
const targets = { data: new Float32Array(options.batch * 10), shape: [options.batch, 10] };
const training = new Graph();
const mean = training.crossEntropy(logitsOf(training, images), training.input(targets));
training.gradients(mean, parameters);
const loss = training.output(mean);
const computeGradients = await training.compile();

const heldOut = readDigits("t10k", 10000);
const heldOutImages = { data: new Float32Array(heldOut.length * sizes[0]), shape: [heldOut.length, sizes[0]] };
heldOut.forEach(({ pixels }, k) => heldOutImages.data.set(pixels, k * sizes[0]));
const checking = new Graph();
const logits = checking.output(logitsOf(checking, heldOutImages));
const answer = await checking.compile();

/** The share of held-out digits that the network takes for another. */
async function shareOfWrong() {
  await answer();
  const wrong = heldOut.filter(({ digit }, k) => {
    const row = logits.subarray(10 * k, 10 * k + 10);
    return row.indexOf(Math.max(...row)) !== digit;
  });
  return wrong.length / heldOut.length;
}

const digits = readDigits("train", options.digits);
const steps = Math.floor(digits.length / options.batch) * options.epochs;
const optimizer = new AdaBelief(parameters, { lr: options.lr, eps: 1e-12 });
const schedule = new CosineAnnealingLR(optimizer, { T_max: steps });
const count = parameters.reduce((sum, { data }) => sum + data.length, 0);
console.log(`A network of ${count} parameters, ${digits.length} digits, ${steps} steps, seed ${options.seed}`);

const bar = progressBar("onnxruntime", steps, "steps");
const time = { gradients: 0, steps: 0 };
let average = Math.log(10);
for (let step = 1; step <= steps; ++step) {
  targets.data.fill(0);
  for (let k = 0; k < options.batch; ++k) {
    const { pixels, digit } = digits[Math.floor(random() * digits.length)];
    images.data.set(pixels, k * sizes[0]);
    targets.data[10 * k + digit] = 1;
  }
  const started = performance.now();
  await computeGradients();
  const computed = performance.now();
  optimizer.step();
  time.gradients += computed - started;
  time.steps += performance.now() - computed;
  schedule.step();
  average += 0.01 * (loss[0] - average);
  if (step % 10 === 0) bar.update(step, `loss ${average.toFixed(4)}`);
}
bar.stop();

const wrong = await shareOfWrong();
const each = (total) => `${(total / steps).toFixed(2)} ms`;
const share = (100 * time.steps) / (time.steps + time.gradients);
console.log(
  `Loss ${average.toFixed(4)}; of ${heldOut.length} held-out digits ${(100 * wrong).toFixed(2)} % are taken for another`,
);
console.log(
  `A step: ${each(time.gradients)} for the gradients, ${each(time.steps)} for AdaBelief (${info().backend}), ${share.toFixed(1)} %`,
);
requireBelow("Share of wrong answers", wrong, options.below);
