// A classifier of clothes, trained once. Its last hidden layer gives the features that Fréchet distances are measured on.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Adam, SGD } from "adabelief";
import { readFashion } from "../data/fashion.mjs";
import { copyImage } from "../data/images.mjs";
import { cache } from "../data/package-files.mjs";
import { crossEntropy, relu, reshape } from "../graph/index.mjs";
import { batchNorm, conv, linear } from "../models/layers.mjs";
import { Network } from "../models/network.mjs";
import { randomFor } from "../random.mjs";
import { compile, tensor } from "./compile.mjs";

export const featureCount = 32;
const [rows, size] = [100, 16];

/** Features of images [rows, 1, 16, 16], and what they say of the kind of clothing. */
function classifierOf(scope, images) {
  let x = relu(batchNorm(scope.child("norm1"), conv(scope.child("conv1"), images, 16, { stride: 2 })));
  x = relu(batchNorm(scope.child("norm2"), conv(scope.child("conv2"), x, 32, { stride: 2 })));
  const features = relu(linear(scope.child("features"), reshape(x, [rows, 32 * 4 * 4]), featureCount));
  return { features, logits: linear(scope.child("classes"), features, 10) };
}

/** An optimizer over the whole network, whose checkpoint is the file. */
const holderOf = ({ parameters, buffers }) => new SGD([...parameters.values(), ...buffers.values()], { lr: 0 });

const pathOf = (count) => join(cache, `features-${count}.safetensors`);

async function trainClassifier(count) {
  process.stderr.write("Training the classifier that measures images...\n");
  const training = readFashion("train", { count, size });
  const network = new Network(randomFor(1, "classifier"));
  const [images, labels] = [tensor([rows, 1, size, size]), tensor([rows], Int32Array)];
  const classifier = await compile((graph, scope) => {
    const { logits } = classifierOf(scope(network, true), graph.input(images));
    return { loss: crossEntropy(logits, graph.input(labels)), gradients: network.trainable };
  });
  const optimizer = new Adam(network.trainable, { lr: 2e-3 });
  const random = randomFor(1, "batches of the classifier");
  for (let step = 0; step < (3 * count) / rows; ++step) {
    for (let row = 0; row < rows; ++row) {
      const index = random.below(count);
      copyImage(training, index, images.data, row);
      labels.data[row] = training.labels[index];
    }
    await classifier.run();
    optimizer.step();
  }
  mkdirSync(cache, { recursive: true });
  await holderOf(network).saveState(pathOf(count), { parameters: true });
}

/** Trains on `count` images if that has not been done. */
export async function prepareFeatures(count) {
  if (!existsSync(pathOf(count))) await trainClassifier(count);
}

/** What turns images, one after another, into features; and a checksum of the classifier: distances compare only where it is equal. */
export async function makeFeatures(count) {
  await prepareFeatures(count);
  const network = new Network(randomFor(1, "classifier"));
  const images = tensor([rows, 1, size, size]);
  const compiled = await compile((graph, scope) => ({ outputs: classifierOf(scope(network, false), graph.input(images)) }));
  await holderOf(network).loadState(pathOf(count), { parameters: true });
  const measure = async (pixels) => {
    const each = size ** 2;
    const features = new Float32Array((pixels.length / each) * featureCount);
    for (let start = 0; start < pixels.length / each; start += rows) {
      images.data.set(pixels.subarray(start * each, (start + rows) * each));
      await compiled.run();
      features.set(compiled.features, start * featureCount);
    }
    return features;
  };
  return {
    measure,
    checksum: crc32(readFileSync(pathOf(count)))
      .toString(16)
      .padStart(8, "0"),
  };
}
