// Generative adversarial networks that draw clothes: WGAN with clipped weights, WGAN-GP with a gradient penalty, SN-GAN with spectral
// normalization. Each network has an optimizer of its own, with the same options.
import { Buffer } from "node:buffer";
import { prepare as prepareImages, readFashion } from "../data/fashion.mjs";
import { copyImage } from "../data/images.mjs";
import { critic, generator } from "../models/dcgan.mjs";
import { Network } from "../models/network.mjs";
import { spectralCritic } from "../models/sngan.mjs";
import { randomFor } from "../random.mjs";
import { makeOptimizer } from "../settings.mjs";
import { configOf } from "../sizes.mjs";
import { Clock, compile, tensor } from "./compile.mjs";
import { featureCount, makeFeatures, prepareFeatures } from "./features.mjs";
import { frechetDistance, momentsOf } from "./frechet.mjs";
import { generatorLoss, hingeLoss, penalizedLoss, wassersteinLoss } from "./gan-losses.mjs";

const lambda = 10; // of the gradient penalty
const clip = 0.01; // of the weights of WGAN's critic
const drawn = 100; // images drawn at a time for evaluation

export async function prepare(job) {
  prepareImages();
  await prepareFeatures(configOf(job).classifierImages);
}

/** The critic and its loss. Batch normalization is in WGAN's critic alone. */
const variants = {
  wasserstein: {
    judge: (scope, architecture) => (images) => critic(scope, images, { ...architecture, normalize: true }),
    loss: wassersteinLoss,
  },
  penalized: {
    judge: (scope, architecture) => (images) => critic(scope, images, architecture),
    loss: (judge, real, made, share) => penalizedLoss(judge, real, made, share, lambda),
  },
  hinge: {
    judge: (scope, architecture) => (images) => spectralCritic(scope, images, architecture),
    loss: hingeLoss,
  },
};

function clampWeights({ trainable }) {
  for (const { data } of trainable) for (let k = 0; k < data.length; ++k) data[k] = Math.max(-clip, Math.min(clip, data[k]));
}

async function compileBoth(makers, { loss, architecture, rows, inputs }) {
  const { judge, loss: criticLoss } = variants[loss];
  const { channels, size } = architecture;
  const noise = tensor([rows, inputs]);
  const real = tensor([rows, channels, size, size]);
  const share = tensor([rows, 1, 1, 1]);
  const draw = (graph, scope) => generator(scope(makers.generator, true), graph.input(noise), architecture);
  const forCritic = await compile((graph, scope) => {
    const value = criticLoss(
      judge(scope(makers.critic, true), architecture),
      graph.input(real),
      draw(graph, scope),
      ...(loss === "penalized" ? [graph.input(share)] : []),
    );
    return { loss: value, gradients: makers.critic.trainable };
  });
  const forGenerator = await compile((graph, scope) => {
    const value = generatorLoss(judge(scope(makers.critic, true), architecture), draw(graph, scope));
    return { loss: value, gradients: makers.generator.trainable };
  });
  return { noise, real, share, forCritic, forGenerator };
}

/** A function that draws `count` images with the generator's running statistics, always of the same noise. */
async function makeDrawing(network, { architecture, inputs }, seed) {
  const noise = tensor([drawn, inputs]);
  const drawing = await compile((graph, scope) => ({
    outputs: { images: generator(scope(network, false), graph.input(noise), architecture) },
  }));
  return async (count) => {
    const random = randomFor(seed, "noise of evaluation");
    const images = new Float32Array((count / drawn) * drawing.images.length);
    for (let k = 0; k < count / drawn; ++k) {
      for (let i = 0; i < noise.data.length; ++i) noise.data[i] = random.normal();
      await drawing.run();
      images.set(drawing.images, k * drawing.images.length);
    }
    return images;
  };
}

export async function create(job, config) {
  const training = readFashion("train", { count: config.images, size: config.architecture.size });
  const makers = {
    generator: new Network(randomFor(job.seed, "weights of the generator")),
    critic: new Network(randomFor(job.seed, "weights of the critic")),
  };
  const { noise, real, share, forCritic, forGenerator } = await compileBoth(makers, config);
  const optimizers = [makers.generator, makers.critic].map(({ trainable }) =>
    makeOptimizer(job.optimizer, trainable, job.options),
  );
  const [generatorOptimizer, criticOptimizer] = optimizers;
  const draw = await makeDrawing(makers.generator, config, job.seed);
  const { measure, checksum } = await makeFeatures(config.classifierImages);
  const held =
    job.split === "validation"
      ? readFashion("train", { start: 60_000 - config.held, count: config.held, size: config.architecture.size })
      : readFashion("t10k", { count: config.held, size: config.architecture.size });
  const wanted = momentsOf(await measure(held.pixels), featureCount);
  const clock = new Clock();
  let random;

  const drawNoise = () => noise.data.forEach((_, k) => (noise.data[k] = random.normal()));
  async function criticStep() {
    drawNoise();
    for (let row = 0; row < config.rows; ++row) {
      copyImage(training, random.below(config.images), real.data, row);
      share.data[row] = random.uniform();
    }
    await clock.measure("gradients", forCritic.run);
    await clock.measure("steps", () => criticOptimizer.step());
    if (config.loss === "wasserstein") clampWeights(makers.critic);
  }
  return {
    ...{ networks: [makers.generator, makers.critic], optimizers, clock, steps: config.rounds },
    beginEpoch(epoch) {
      random = randomFor(job.seed, `noise and batches of epoch ${epoch}`);
    },
    async step() {
      for (let k = 0; k < config.criticSteps; ++k) await criticStep();
      drawNoise();
      await clock.measure("gradients", forGenerator.run);
      await clock.measure("steps", () => generatorOptimizer.step());
      return forCritic.loss[0] + forGenerator.loss[0] * 0; // the critic's loss, and not finite where either is not
    },
    async evaluate() {
      const distance = frechetDistance(wanted, momentsOf(await measure(await draw(config.made)), featureCount));
      return { distance, generatorLoss: forGenerator.loss[0] };
    },
    /** A sheet of images, as bytes, beside the result; and the classifier's checksum. */
    async finish() {
      const images = (await draw(drawn)).subarray(0, (drawn / 2) * config.architecture.size ** 2);
      const bytes = Uint8Array.from(images, (value) => Math.round(127.5 * (value + 1)));
      return { classifier: checksum, images: { size: config.architecture.size, bytes: Buffer.from(bytes).toString("base64") } };
    },
  };
}
