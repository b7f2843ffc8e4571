// Trains a network on handwritten digits: jax-js computes loss and gradients on WebAssembly, AdaBelief updates the parameters natively and
// keeps their moving average, with which the network is tested.
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { AdaBelief, info, parameter } from "adabelief";
import { matrixOf, readDigits, size } from "../digits/mnist.mjs";
import { readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeRandom } from "../shared/random.mjs";
import { Stopwatch } from "../shared/stopwatch.mjs";

const options = readOptions("Handwritten digits, gradients by jax-js", {
  digits: [12000, "digits to train on", 100],
  epochs: [4, "times through them", 1],
  hidden: [64, "units between the two layers", 1],
  batch: [50, "digits a step", 1],
  lr: [5e-3, "learning rate"],
  decay: [0.99, "of the moving average of the parameters"],
  seed: [1, "of the initial weights and the order"],
  below: [Infinity, "fail where the loss is not below this"],
});

await init("wasm");
defaultDevice("wasm");

// A jax-js function consumes the arrays it takes. `array.ref` keeps an array for another use.
const logitsOf = ([weight1, bias1, weight2, bias2], x) => {
  const hidden = nn.relu(np.matmul(x, weight1).add(bias1));
  return np.matmul(hidden, weight2).add(bias2);
};
const lossOf = (weights, x, targets) => {
  const logs = nn.logSoftmax(logitsOf(weights, x), -1);
  return np.mean(np.sum(logs.mul(targets), -1)).neg();
};
const lossAndGradients = jit(valueAndGrad(lossOf));
const answer = jit(logitsOf);

const random = makeRandom(options.seed);
const weight = (name, inputs, outputs) => {
  const values = Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) * Math.sqrt(6 / inputs));
  return parameter(values, { name, shape: [inputs, outputs] });
};
const bias = (name, outputs) => parameter(new Float32Array(outputs), { name, shape: [outputs] });
const params = [
  weight("weight1", size, options.hidden),
  bias("bias1", options.hidden),
  weight("weight2", options.hidden, 10),
  bias("bias2", 10),
];
const optimizer = new AdaBelief(params, { lr: options.lr, eps: 1e-12, ema: { decay: options.decay } });

/** jax-js copies an array into its WebAssembly memory. */
const arrayOf = ({ data, shape }) => np.array(data, { shape });
const weights = () => params.map(arrayOf);

const digits = readDigits("train", options.digits);
const heldOut = readDigits("t10k", 2000);
const images = { data: new Float32Array(options.batch * size), shape: [options.batch, size] };
const targets = { data: new Float32Array(options.batch * 10), shape: [options.batch, 10] };

function fillBatch() {
  targets.data.fill(0);
  for (let k = 0; k < options.batch; ++k) {
    const { pixels, digit } = digits[Math.floor(random() * digits.length)];
    images.data.set(pixels, k * size);
    targets.data[10 * k + digit] = 1;
  }
}

/** Computes the loss, and sets the gradients. */
async function computeGradients() {
  const [loss, gradients] = lossAndGradients(weights(), arrayOf(images), arrayOf(targets));
  for (const [k, gradient] of gradients.entries()) params[k].grad = await gradient.data(); // a Float32Array
  return (await loss.data())[0];
}

/** The share of held-out digits that the network takes for another. */
async function shareOfWrong() {
  const logits = await answer(weights(), arrayOf(matrixOf(heldOut))).data();
  const wrong = heldOut.filter(({ digit }, k) => {
    const row = logits.subarray(10 * k, 10 * k + 10);
    return row.indexOf(Math.max(...row)) !== digit;
  });
  return wrong.length / heldOut.length;
}

const steps = Math.floor(digits.length / options.batch) * options.epochs;
const count = params.reduce((sum, { data }) => sum + data.length, 0);
console.log(`A network of ${count} parameters, ${digits.length} digits, ${steps} steps, seed ${options.seed}`);
const bar = progressBar("jax-js", steps, "steps");
const stopwatch = new Stopwatch();
let average = Math.log(10);
for (let step = 1; step <= steps; ++step) {
  fillBatch();
  const loss = await stopwatch.gradients(computeGradients);
  stopwatch.step(() => optimizer.step());
  average += 0.02 * (loss - average);
  if (step % 10 === 0) bar.update(step, `loss ${average.toFixed(4)}`);
}
bar.stop();

const percent = (share) => `${(100 * share).toFixed(2)} %`;
const last = await shareOfWrong();
optimizer.swapEma(); // the parameters are their moving averages
const averaged = await shareOfWrong();
optimizer.swapEma();
console.log(
  `Loss ${average.toFixed(4)}; of ${heldOut.length} held-out digits ${percent(last)} are taken for another, ` +
    `${percent(averaged)} with the averaged parameters`,
);
console.log(`A step on ${info().backend}: ${stopwatch.report(steps)}`);
requireBelow("Loss", average, options.below);
