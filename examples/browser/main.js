// Trains two copies of a network in the page. `?backend=webgl` and `?epochs=` change how.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { info, ready } from "adabelief";
import { AdaBeliefOptimizer } from "adabelief/tfjs";
import { plot } from "./plot.js";
import { spirals } from "./spirals.js";

const settings = new URLSearchParams(location.search);
const epochs = Number(settings.get("epochs") ?? 60);
const rate = 1e-2;

function makeModel(optimizer) {
  const model = sequential();
  const seeded = (seed) => ({ kernelInitializer: initializers.glorotUniform({ seed }) });
  model.add(layers.dense({ units: 24, activation: "relu", inputShape: [2], ...seeded(1) }));
  model.add(layers.dense({ units: 24, activation: "relu", ...seeded(2) }));
  model.add(layers.dense({ units: 1, activation: "sigmoid", ...seeded(3) }));
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  return model;
}

const output = document.querySelector("output");

async function main() {
  await tf.setBackend(settings.get("backend") ?? "cpu");
  await ready();
  const { points, labels } = spirals(600);
  const x = tf.tensor2d(points, [labels.length, 2]);
  const y = tf.tensor2d(labels, [labels.length, 1]);
  const runs = [
    { name: "AdaBelief", color: "#d1495b", model: makeModel(new AdaBeliefOptimizer(rate)), losses: [], accuracy: 0 },
    { name: "Adam", color: "#30638e", model: makeModel(tf.train.adam(rate)), losses: [], accuracy: 0 },
  ];
  const canvas = document.querySelector("canvas");
  for (let epoch = 1; epoch <= epochs; ++epoch) {
    for (const run of runs) {
      const { history } = await run.model.fit(x, y, { epochs: 1, batchSize: 32, shuffle: false, verbose: 0 });
      run.losses.push(history.loss[0]);
      run.accuracy = history.acc[0];
    }
    plot(canvas, runs, epochs);
    const lines = runs.map(({ name, losses, accuracy }) => {
      return `${name}: loss ${losses.at(-1).toFixed(4)}, ${(100 * accuracy).toFixed(1)} % right`;
    });
    output.textContent = [`Epoch ${epoch} of ${epochs}, TensorFlow.js on ${tf.getBackend()}`, ...lines].join("\n");
    await tf.nextFrame();
  }
  return { backend: info().backend, tfjs: tf.getBackend(), runs: runs.map(({ name, losses }) => ({ name, losses })) };
}

// For whoever drives the page.
globalThis.finished = main().catch((error) => {
  output.textContent = `${error.code ?? error.name}: ${error.message}`;
  throw error;
});
