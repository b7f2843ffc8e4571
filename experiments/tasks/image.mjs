// Image recognition: CIFAR-10, cross entropy, crops and mirror images.
import { readCifar10, prepare } from "../data/cifar10.mjs";
import { copyAugmented, copyImage } from "../data/images.mjs";
import { crossEntropy } from "../graph/index.mjs";
import { densenet } from "../models/densenet.mjs";
import { Network } from "../models/network.mjs";
import { resnet } from "../models/resnet.mjs";
import { vgg } from "../models/vgg.mjs";
import { randomFor } from "../random.mjs";
import { makeOptimizer } from "../settings.mjs";
import { Clock, compile, tensor } from "./compile.mjs";

export { prepare };

const models = { vgg, resnet, densenet };
const classes = 10;

/** Training images, and those to evaluate with: of the training set's end for validation, of the test set otherwise. */
function readSets({ images, held, size }, split) {
  const training = readCifar10("train", { count: images, size });
  const heldOut =
    split === "validation"
      ? readCifar10("train", { start: 50_000 - held, count: held, size })
      : readCifar10("test", { count: held, size });
  return { training, heldOut };
}

/** The graph of a batch of `count` images, and the arrays to fill. */
function makeBatch(count, { channels, size }) {
  return { images: tensor([count, channels, size, size]), labels: tensor([count], Int32Array) };
}

const logitsOf = (scope, model, options, images) => models[model](scope, scope.graph.input(images), { ...options, classes });

async function makeEvaluation(network, { model, architecture, evaluationBatch }, heldOut) {
  const batch = makeBatch(evaluationBatch, heldOut);
  const evaluation = await compile((graph, scope) => {
    const logits = logitsOf(scope(network, false), model, architecture, batch.images);
    return { loss: crossEntropy(logits, graph.input(batch.labels)), outputs: { logits } };
  });
  return async () => {
    const count = heldOut.labels.length;
    let [loss, right] = [0, 0];
    for (let start = 0; start < count; start += evaluationBatch) {
      for (let row = 0; row < evaluationBatch; ++row) copyImage(heldOut, start + row, batch.images.data, row);
      batch.labels.data.set(heldOut.labels.subarray(start, start + evaluationBatch));
      await evaluation.run();
      loss += evaluation.loss[0] * evaluationBatch;
      for (let row = 0; row < evaluationBatch; ++row) {
        const scores = evaluation.logits.subarray(row * classes, (row + 1) * classes);
        right += Number(scores.indexOf(Math.max(...scores)) === batch.labels.data[row]);
      }
    }
    return { loss: loss / count, accuracy: right / count };
  };
}

export async function create(job, config) {
  const { training, heldOut } = readSets(config, job.split);
  const network = new Network(randomFor(job.seed, "weights"));
  const batch = makeBatch(config.batch, training);
  const compiled = await compile((graph, scope) => {
    const logits = logitsOf(scope(network, true), config.model, config.architecture, batch.images);
    return { loss: crossEntropy(logits, graph.input(batch.labels)), gradients: network.trainable };
  });
  const optimizer = makeOptimizer(job.optimizer, network.trainable, job.options);
  const clock = new Clock();
  const order = Int32Array.from(training.labels, (_, k) => k);
  let random;
  return {
    ...{ networks: [network], optimizers: [optimizer], clock, steps: Math.floor(config.images / config.batch) },
    beginEpoch(epoch) {
      random = randomFor(job.seed, `batches of epoch ${epoch}`);
      order.forEach((_, k) => (order[k] = k));
      random.shuffle(order);
    },
    async step(k) {
      for (let row = 0; row < config.batch; ++row) {
        const index = order[k * config.batch + row];
        copyAugmented(training, index, batch.images.data, row, config.size / 8, random);
        batch.labels.data[row] = training.labels[index];
      }
      await clock.measure("gradients", compiled.run);
      await clock.measure("steps", () => optimizer.step());
      return compiled.loss[0];
    },
    evaluate: await makeEvaluation(network, config, heldOut),
  };
}
