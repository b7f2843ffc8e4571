// Trains a small network on handwritten digits: toygrad computes the gradients, AdaBelief updates toygrad's own Float32Arrays.
// Then the same training again with the optimizer as a plain JavaScript loop, and what each took. Run it with `npm start`.
import { AdaBelief, info, parameter } from "adabelief";
import { NeuralNetwork, Tensor } from "toygrad";
import { javascriptStep, loopState } from "../../dist/lib/bench/javascript.js";
import { readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeRandom } from "../shared/random.mjs";
import { readDigits } from "./mnist.mjs";

const batchSize = 16;
const options = readOptions("Handwritten digits, gradients by toygrad, with AdaBelief and with a JavaScript loop", {
  digits: [12000, "digits to train on", batchSize],
  epochs: [2, "times through them", 1],
  seed: [1, "of the initial weights and the order"],
  below: [Infinity, "fail where the loss is not below this"],
});
const eps = 1e-12; // small, as for problems where Adam beats SGD; about the square of Adam's eps

/** 784 → 64 → 10, with uniform weights of variance 2/inputs, drawn from the seed. */
function makeNetwork(random) {
  const layers = [
    { type: "input", sx: 28, sy: 28, sz: 1 },
    { type: "dense", filters: 64 },
    { type: "relu" },
    { type: "dense", filters: 10 },
    { type: "softmax" },
  ];
  const network = new NeuralNetwork({ layers });
  for (const { params } of network.getParamsAndGrads()) {
    const isBias = params.length <= 64 && params.every((value) => value === 0);
    const bound = isBias ? 0 : Math.sqrt(6 / params.length);
    params.forEach((_, i) => (params[i] = (2 * random() - 1) * bound));
  }
  return network;
}

const imageTensor = ({ pixels }) => new Tensor(28, 28, 1, pixels);

function accuracy(network, digits) {
  const right = digits.filter((sample) => {
    const { w } = network.forward(imageTensor(sample), false);
    return w.indexOf(Math.max(...w)) === sample.digit;
  });
  return right.length / digits.length;
}

/** Trains from the seed; `makeStep` makes the optimizer for a network's parameters. Says how long all of it and the steps took. */
function train(title, makeStep, training, heldOut) {
  const random = makeRandom(options.seed);
  const network = makeNetwork(random);
  const tensors = network.getParamsAndGrads();
  const step = makeStep(tensors.map(({ params, grads }) => ({ data: params, grad: grads })));
  const batches = Math.floor(training.length / batchSize) * options.epochs;
  const bar = progressBar(title, batches, "batches");
  let share = 0;

  let loss = 2.3;
  let stepTime = 0;
  let checkTime = 0;
  const started = performance.now();
  for (let batch = 0; batch < batches; ++batch) {
    for (let k = 0; k < batchSize; ++k) {
      const sample = training[Math.floor(random() * training.length)];
      network.forward(imageTensor(sample), true);
      loss += 0.002 * (network.backward(sample.digit) - loss);
    }
    for (const { grads } of tensors) grads.forEach((sum, i) => (grads[i] = sum / batchSize));
    const before = performance.now();
    step();
    stepTime += performance.now() - before;
    for (const { grads } of tensors) grads.fill(0);
    if (batch % 100 === 99) {
      const check = performance.now();
      share = accuracy(network, heldOut.slice(0, 500));
      checkTime += performance.now() - check;
    }
    if (batch % 10 === 9)
      bar.update(batch + 1, `loss ${loss.toFixed(3)}, ${(100 * share).toFixed(1)} % of held-out digits right`);
  }
  const time = performance.now() - started - checkTime;
  bar.stop();
  return { loss, accuracy: accuracy(network, heldOut), time, stepTime, batches };
}

const training = readDigits("train", options.digits);
const heldOut = readDigits("t10k", 2000);
const tensors = makeNetwork(Math.random).getParamsAndGrads();
const count = tensors.reduce((sum, { params }) => sum + params.length, 0);
console.log(
  `A network of ${count} parameters in ${tensors.length} tensors, ${training.length} digits, ${options.epochs} epochs, seed ${options.seed}`,
);

const native = train(
  "adabelief ",
  (tensors) => {
    const optimizer = new AdaBelief(
      tensors.map(({ data, grad }) => parameter(data, { grad })),
      { eps },
    );
    return () => optimizer.step();
  },
  training,
  heldOut,
);
const loop = train(
  "JavaScript",
  (tensors) => {
    const states = tensors.map(({ data }) => loopState(data.length));
    let t = 0;
    return () => {
      t += 1;
      tensors.forEach(({ data, grad }, k) => javascriptStep(data, grad, states[k], t, { eps }));
    };
  },
  training,
  heldOut,
);

for (const [name, { loss, accuracy, time, stepTime, batches }] of [
  [`adabelief (${info().backend})`, native],
  ["a JavaScript loop", loop],
]) {
  const share = `${((100 * stepTime) / time).toFixed(2)} % of the time`;
  const each = `${((1000 * stepTime) / batches).toFixed(0)} µs a step`;
  console.log(`${name}: loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(1)} % right; the optimizer took ${share} (${each})`);
}
console.log(
  `The step is ${(loop.stepTime / native.stepTime).toFixed(1)} times as fast; the training, whose time goes into gradients,`,
);
console.log(
  `${(loop.time / native.time).toFixed(2)} times. The larger the network and the faster its gradients, the more the step counts.`,
);
requireBelow("Loss", native.loss, options.below);
