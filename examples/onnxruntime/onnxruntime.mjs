// Trains a network on handwritten digits: onnxruntime computes loss and gradients in the optimizer's own Float32Arrays, AdaBelief
// updates them in place. Nothing is copied between the two.
import { AdaBelief, CosineAnnealingLR, info } from "adabelief";
import { crossEntropy, Graph } from "../../experiments/graph/index.mjs";
import { matrixOf, readDigits, size } from "../digits/mnist.mjs";
import { readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeRandom } from "../shared/random.mjs";
import { Stopwatch } from "../shared/stopwatch.mjs";
import { applyLayers, makeLayers, parametersOf } from "./dense.mjs";

const options = readOptions("Handwritten digits, gradients by onnxruntime", {
  digits: [60000, "digits to train on", 100],
  epochs: [4, "times through them", 1],
  batch: [100, "digits a step", 1],
  lr: [1e-3, "learning rate at the beginning"],
  seed: [1, "of the initial weights and the order"],
  below: [Infinity, "fail where the share of wrong answers is not below this"],
});
const random = makeRandom(options.seed);
const layers = makeLayers(random, "dense", size, 512, 256, 10);
const parameters = parametersOf(layers);
const logitsOf = (graph, images) => applyLayers(graph, layers, graph.input(images), 0.01);

// Two graphs over the same weights: a batch of digits with gradients, and all held-out digits without.
const images = { data: new Float32Array(options.batch * size), shape: [options.batch, size] };
const targets = { data: new Int32Array(options.batch), shape: [options.batch] };
const training = new Graph();
const mean = crossEntropy(logitsOf(training, images), training.input(targets));
training.gradients(mean, parameters);
const loss = training.output(mean);
const computeGradients = await training.compile();

const heldOut = readDigits("t10k", 10000);
const checking = new Graph();
const logits = checking.output(logitsOf(checking, matrixOf(heldOut)));
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
const stopwatch = new Stopwatch();
let average = Math.log(10);
for (let step = 1; step <= steps; ++step) {
  for (let k = 0; k < options.batch; ++k) {
    const { pixels, digit } = digits[Math.floor(random() * digits.length)];
    images.data.set(pixels, k * size);
    targets.data[k] = digit;
  }
  await stopwatch.gradients(computeGradients);
  stopwatch.step(() => optimizer.step());
  schedule.step();
  average += 0.01 * (loss[0] - average);
  if (step % 10 === 0) bar.update(step, `loss ${average.toFixed(4)}`);
}
bar.stop();

const wrong = await shareOfWrong();
console.log(
  `Loss ${average.toFixed(4)}; of ${heldOut.length} held-out digits ${(100 * wrong).toFixed(2)} % are taken for another`,
);
console.log(`A step on ${info().backend}: ${stopwatch.report(steps)}`);
requireBelow("Share of wrong answers", wrong, options.below);
