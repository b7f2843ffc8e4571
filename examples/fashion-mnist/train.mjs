// One training: a small network in tfjs' layers, with one optimizer, from weights and in an order that depend on the seed alone.
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-wasm";
import { AdaBeliefOptimizer } from "adabelief/tfjs";

/** The contestants, by a learning rate; all else is their default. */
export const optimizers = {
  AdaBelief: (rate) => new AdaBeliefOptimizer(rate),
  "tfjs Adam": (rate) => tf.train.adam(rate),
  "tfjs SGD": (rate) => tf.train.sgd(rate),
};

/** 784 → 64 → 32 → 10 */
function makeModel(seed) {
  const dense = (units, activation, k, rest) =>
    tfl.layers.dense({ units, activation, kernelInitializer: tfl.initializers.glorotUniform({ seed: 10 * seed + k }), ...rest });
  return tfl.sequential({
    layers: [dense(64, "relu", 1, { inputShape: [784] }), dense(32, "relu", 2), dense(10, "softmax", 3)],
  });
}

const toTensors = ({ pixels, labels, count }) => ({
  images: tf.tensor(pixels, [count, 784]),
  kinds: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 10), "float32")),
});

/** Loads the data into tfjs, once for all trainings. */
export async function prepare(data) {
  await tf.setBackend("wasm");
  return Object.fromEntries(Object.entries(data).map(([name, set]) => [name, toTensors(set)]));
}

/** Loss, and the share of images that are told right. */
function evaluate(model, { images, kinds }) {
  const results = model.evaluate(images, kinds, { batchSize: 1000 });
  const [loss, accuracy] = results.map((result) => result.dataSync()[0]);
  tf.dispose(results);
  return { loss, accuracy };
}

/** Trains, and returns what came out: after every epoch on the validation set, in the end on the test set. */
export async function train({ optimizer: name, rate, seed, epochs, batchSize }, { training, validation, test }) {
  const optimizer = optimizers[name](rate);
  const model = makeModel(seed);
  model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const started = performance.now();
  const curve = [{ epoch: 0, ...evaluate(model, validation) }];
  for (let epoch = 1; epoch <= epochs; ++epoch) {
    // The same order for every optimizer; fit's own shuffling has no seed.
    const [images, kinds] = tf.tidy(() => {
      const noise = tf.randomUniform([training.images.shape[0]], 0, 1, "float32", 1000 * seed + epoch);
      const order = tf.topk(noise, noise.size).indices;
      return [tf.gather(training.images, order), tf.gather(training.kinds, order)];
    });
    await model.fit(images, kinds, { batchSize, epochs: 1, shuffle: false, verbose: 0 });
    tf.dispose([images, kinds]);
    curve.push({ epoch, ...evaluate(model, validation) });
  }
  const result = {
    optimizer: name,
    rate,
    seed,
    curve,
    test: evaluate(model, test),
    seconds: (performance.now() - started) / 1000,
  };
  model.dispose();
  optimizer.dispose();
  return result;
}
