// Trains two copies of a network in the page: `?backend=webgl` and `?epochs=` change how.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import { sequential, layers } from "@tensorflow/tfjs-layers";
import { info, ready } from "adabelief";
import { AdaBeliefOptimizer } from "adabelief/tfjs";
import { plot } from "./plot.js";
import { spirals } from "./spirals.js";

const settings = new URLSearchParams(location.search);
const epochs = Number(settings.get("epochs") ?? 60);
const rate = 1e-2;

function makeModel(optimizer) {
  const model = sequential();
  const weights = (seed) => ({ kernelInitializer: tf.serialization ? initializer(seed) : undefined });
  model.add(layers.dense({ units: 24, activation: "tanh", inputShape: [2], ...weights(1) }));
  model.add(layers.dense({ units: 24, activation: "tanh", ...weights(2) }));
  model.add(layers.dense({ units: 1, activation: "sigmoid", ...weights(3) }));
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  return model;
}
