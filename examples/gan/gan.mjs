// A generative adversarial network (Goodfellow and others, 2014) that learns to draw digits: a generator makes images of noise, a
// discriminator tells them from real ones, and each has an optimizer of its own with the authors' recipe for small GANs.
import { AdaBelief, recipes } from "adabelief";
import { add, Graph, mean, scale, sigmoid, softplus } from "../../experiments/graph/index.mjs";
import { matrixOf, readDigits, size } from "../digits/mnist.mjs";
import { applyLayers, makeLayers, parametersOf } from "../onnxruntime/dense.mjs";
import { pathFromCaller, readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeNormal, makeRandom } from "../shared/random.mjs";
import { Stopwatch } from "../shared/stopwatch.mjs";
import { distanceBetween } from "./distance.mjs";
import { writeSheet } from "./sheet.mjs";

const options = readOptions("A small GAN on handwritten digits, gradients by onnxruntime", {
  steps: [12000, "updates of both networks", 1],
  batch: [64, "images in a batch", 1],
  digits: [60000, "digits to learn from", 1],
  seed: [1, "of weights, noise and order"],
  png: ["gan.png", "file for the images it makes"],
  below: [Infinity, "fail where the distance to real digits is not below this"],
});
const { steps, batch } = options;
const inputs = 64; // numbers of noise an image
const random = makeRandom(options.seed);
const normal = makeNormal(random);

const generator = makeLayers(random, "generator", inputs, 256, 512, size);
const discriminator = makeLayers(random, "discriminator", size, 512, 256, 1);

/** Images made of noise. */
const draw = (graph, noise) => sigmoid(applyLayers(graph, generator, graph.input(noise), 0.2));
/** The discriminator's log odds that images are real. */
const judge = (graph, images) => applyLayers(graph, discriminator, images, 0.2);

const rows = (count, columns) => ({ data: new Float32Array(count * columns), shape: [count, columns] });
const noise = rows(batch, inputs);
const real = rows(batch, size);

// The discriminator learns to call real images real and made ones made, −log σ(D(x)) − log(1 − σ(D(G(z)))); the generator, to have its
// images called real, −log σ(D(G(z))).
const telling = new Graph();
const isReal = mean(softplus(scale(judge(telling, telling.input(real)), -1)));
const isMade = mean(softplus(judge(telling, draw(telling, noise))));
const tellingLoss = add(isReal, isMade);
telling.gradients(tellingLoss, parametersOf(discriminator));
const told = telling.output(tellingLoss);
const tell = await telling.compile();

const fooling = new Graph();
const foolingLoss = mean(softplus(scale(judge(fooling, draw(fooling, noise)), -1)));
fooling.gradients(foolingLoss, parametersOf(generator));
const fooled = fooling.output(foolingLoss);
const fool = await fooling.compile();

const turns = [
  [new AdaBelief(parametersOf(discriminator), recipes.gan), tell],
  [new AdaBelief(parametersOf(generator), recipes.gan), fool],
];
const digits = readDigits("train", options.digits);
const count = [...parametersOf(generator), ...parametersOf(discriminator)].reduce((sum, { data }) => sum + data.length, 0);
console.log(`Two networks of ${count} parameters together, ${digits.length} digits, ${steps} steps, seed ${options.seed}`);
const bar = progressBar("gan", steps, "steps");
const stopwatch = new Stopwatch();
for (let step = 1; step <= steps; ++step) {
  for (let k = 0; k < batch; ++k) real.data.set(digits[Math.floor(random() * digits.length)].pixels, k * size);
  for (const [optimizer, computeGradients] of turns) {
    noise.data.forEach((_, i) => (noise.data[i] = normal()));
    await stopwatch.gradients(computeGradients);
    stopwatch.step(() => optimizer.step());
  }
  if (step % 10 === 0)
    bar.update(step, `loss of the discriminator ${told[0].toFixed(3)}, of the generator ${fooled[0].toFixed(3)}`);
}
bar.stop();

// A look at what it draws: a hundred images, and how far a thousand are from real digits.
const drawing = new Graph();
const images = drawing.output(
  draw(drawing, { data: Float32Array.from({ length: 1000 * inputs }, normal), shape: [1000, inputs] }),
);
const drawAll = await drawing.compile();
await drawAll();
const path = pathFromCaller(options.png);
writeSheet(path, images.subarray(0, 100 * size), { width: 28, columns: 20 });
const distance = distanceBetween(images, matrixOf(readDigits("t10k", 10000)).data, size);

console.log(`A step of both: ${stopwatch.report(steps)}`);
console.log(`Distance to held-out digits: ${distance.toFixed(3)}. Images: ${path}`);
requireBelow("Distance to held-out digits", distance, options.below);
