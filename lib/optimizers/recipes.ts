import type { CommonOptions } from "../options/common";
import type { AdaBeliefLiveOptions } from "./adabelief-options";

/** A recipe: every option of version 0.0.5, and the version. */
export type Recipe = Readonly<Omit<AdaBeliefLiveOptions, keyof CommonOptions | "degenerated_to_sgd">> & {
  readonly version: "0.0.5";
};

const base = {
  version: "0.0.5",
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weight_decay: 0,
  amsgrad: false,
  weight_decouple: false,
  fixed_decay: false,
  rectify: false,
} as const;

function recipe(differing: Partial<Recipe>): Recipe {
  const result = { ...base, ...differing };
  return Object.freeze({ ...result, betas: Object.freeze([...result.betas]) });
}

/** The authors' settings for the experiments of the paper and beyond: a place to start from. */
export const recipes = Object.freeze({
  /** CIFAR-10 and -100, convolutional networks. */
  cifar: recipe({ weight_decay: 5e-4 }),
  /** ImageNet, ResNet-18. */
  imagenet: recipe({ weight_decay: 1e-2, weight_decouple: true }),
  /** Small GANs (WGAN, WGAN-GP). */
  gan: recipe({ lr: 2e-4, betas: [0.5, 0.999], eps: 1e-12 }),
  /** Large GANs (SN-GAN). */
  snGan: recipe({ lr: 2e-4, betas: [0.5, 0.999], eps: 1e-16, rectify: true }),
  /** Transformers for translation. */
  transformer: recipe({
    lr: 1.5e-3,
    betas: [0.9, 0.98],
    eps: 1e-12,
    weight_decay: 1e-4,
    weight_decouple: true,
    rectify: true,
  }),
  /** LSTM language models of one layer. */
  lstm1: recipe({ eps: 1e-16, weight_decay: 1.2e-6 }),
  /** LSTM language models of two and three layers. */
  lstm23: recipe({ lr: 1e-2, eps: 1e-12, weight_decay: 1.2e-6 }),
});
