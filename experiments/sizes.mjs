// How large each experiment is. `smoke` shows that it runs, `small` is what is recorded on two cores, `paper` is the original.

/** What each task measures in the end, and whether more of it is better. */
export const scores = {
  image: { key: "accuracy", title: "test accuracy", better: "higher" },
  language: { key: "perplexity", title: "test perplexity", better: "lower" },
  gan: { key: "distance", title: "Fréchet distance", better: "lower" },
  pronounce: { key: "phonemeErrorRate", title: "phoneme error rate", better: "lower" },
  control: { key: "balanced", title: "steps balanced, of 500", better: "higher" },
};

const imageSizes = (smoke, small, paper) => ({
  settings: "image",
  smoke: { images: 128, held: 64, size: 16, batch: 32, evaluationBatch: 32, epochs: 2, architecture: smoke },
  small: { images: 10_000, held: 5000, size: 16, batch: 128, evaluationBatch: 100, epochs: 15, architecture: small },
  paper: { images: 50_000, held: 10_000, size: 32, batch: 128, evaluationBatch: 100, epochs: 200, architecture: paper },
});

const vggPlan = (width) => [1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8, 0].map((factor) => (factor === 0 ? "pool" : factor * width));

const languageSizes = (layers) => ({
  settings: `lstm${layers}`,
  smoke: {
    ...{ words: 3000, held: 800, rows: 10, length: 10, dropout: 0.2, epochs: 2 },
    architecture: { vocabulary: 200, width: 16, cells: 16, layers },
  },
  small: {
    ...{ words: 250_000, held: 50_000, rows: 20, length: 35, dropout: 0.2, epochs: [6, 6, 5][layers - 1] },
    architecture: { vocabulary: 2000, width: 128, cells: 128, layers },
  },
  paper: {
    ...{ words: Infinity, held: Infinity, rows: 20, length: 70, dropout: 0.4, epochs: 200 },
    architecture: { vocabulary: 10_000, width: 400, cells: 1150, layers },
  },
});

const ganSizes = (loss, settings, criticSteps) => ({
  settings,
  smoke: {
    ...{ loss, criticSteps, images: 200, held: 200, made: 200, rows: 8, inputs: 8, rounds: 2, epochs: 2, classifierImages: 1000 },
    architecture: { width: 4, channels: 1, size: 16 },
  },
  small: {
    ...{
      loss,
      criticSteps,
      images: 20_000,
      held: 5000,
      made: 5000,
      rows: 64,
      inputs: 32,
      rounds: 100,
      epochs: criticSteps === 1 ? 10 : 15,
    },
    ...{ classifierImages: 60_000, architecture: { width: 16, channels: 1, size: 16 } },
  },
  // The paper's images are CIFAR-10's; a classifier of ours takes clothes of 16 pixels only, so that its size here is that of training.
  paper: {
    ...{
      loss,
      criticSteps,
      images: 60_000,
      held: 10_000,
      made: 10_000,
      rows: 64,
      inputs: 100,
      rounds: 780 / criticSteps,
      epochs: 100,
    },
    ...{ classifierImages: 60_000, architecture: { width: 64, channels: 1, size: 16 } },
  },
});

const pronounceSizes = {
  settings: "pronounce",
  smoke: {
    ...{ words: 120, held: 20, length: 10, rows: 20, epochs: 2 },
    architecture: { width: 16, heads: 2, layers: 1, hidden: 16 },
  },
  small: {
    ...{ words: 20_000, held: 1000, length: 10, rows: 100, epochs: 15 },
    architecture: { width: 64, heads: 4, layers: 2, hidden: 128 },
  },
  paper: {
    ...{ words: 100_000, held: 5000, length: 16, rows: 250, epochs: 60 },
    architecture: { width: 512, heads: 4, layers: 6, hidden: 1024 },
  },
};

/** The paper has no such experiment: its size here is that of `small`, for longer. */
const controlSizes = {
  settings: "control",
  smoke: { rows: 2, held: 2, rounds: 2, discount: 0.99, epochs: 2, architecture: { hidden: 8, actions: 2 } },
  small: { rows: 8, held: 50, rounds: 20, discount: 0.99, epochs: 15, architecture: { hidden: 128, actions: 2 } },
  paper: { rows: 8, held: 50, rounds: 20, discount: 0.99, epochs: 50, architecture: { hidden: 128, actions: 2 } },
};

/** The experiments by task and model. */
export const experiments = {
  image: {
    resnet: imageSizes({ width: 4, blocks: [1, 1] }, { width: 16, blocks: [1, 1, 1] }, { width: 64, blocks: [3, 4, 6, 3] }),
    vgg: imageSizes({ plan: [4, "pool", 8, "pool"] }, { plan: vggPlan(16).slice(0, -3) }, { plan: vggPlan(64) }),
    densenet: imageSizes(
      { growth: 2, blocks: [1, 1] },
      { growth: 8, blocks: [2, 2, 2] },
      { growth: 32, blocks: [6, 12, 24, 16] },
    ),
  },
  language: { lstm1: languageSizes(1), lstm2: languageSizes(2), lstm3: languageSizes(3) },
  gan: {
    wgan: ganSizes("wasserstein", "gan", 5),
    "wgan-gp": ganSizes("penalized", "gan", 5),
    sngan: ganSizes("hinge", "sngan", 1),
  },
  pronounce: { transformer: pronounceSizes },
  control: { cartpole: controlSizes },
};

/** Learning-rate schedules, as shares of the training. */
const schedules = {
  image: { milestones: [0.75] }, // 150 of 200 epochs
  language: { milestones: [0.5, 0.725] }, // 100 and 145 of 200
  gan: {},
  pronounce: { warmup: 0.1 }, // then 1/√t
  control: {},
};

/** How gradients are clipped, where they are. */
const clips = { language: { norm: 0.25 } };

/** Everything that a job runs with. Its own schedule, clipping and count of held-out data come before those of its experiment. */
export function configOf({ task, model, size, schedule = schedules[task], clip = clips[task] ?? {}, held }) {
  const config = experiments[task]?.[model]?.[size];
  if (config === undefined) throw new RangeError(`There is no experiment ${task}, ${model} of size ${size}`);
  return { model, schedule, clip, ...config, ...(held === undefined ? {} : { held }) };
}
