// The options of every optimizer, by task: the paper's own, and what they are on a grid of learning rates.
import * as adabelief from "adabelief";

const { recipes } = adabelief;

/** A line for each optimizer: its name here, and the class of the package. */
export const optimizers = {
  AdaBelief: adabelief.AdaBelief,
  EAdam: adabelief.EAdam,
  SGD: adabelief.SGD,
  AdaBound: adabelief.AdaBound,
  Yogi: adabelief.Yogi,
  Adam: adabelief.Adam,
  MSVAG: adabelief.MSVAG,
  RAdam: adabelief.RAdam,
  AdamW: adabelief.AdamW,
  Fromage: adabelief.Fromage,
  RangerAdaBelief: adabelief.RangerAdaBelief,
};

/** The published curves of MSVAG were made with this form. */
const msvag = { consistent_bias_correction: true };
const image = { weight_decay: 5e-4 };
const language = { weight_decay: 1.2e-6 };
const gan = { lr: 2e-4, betas: [0.5, 0.999] };
const control = { lr: 1e-2 };
const pronounce = { lr: 1.5e-3, betas: [0.9, 0.98], weight_decay: 1e-4 };

/** EAdam, the control for AdaBelief, takes its options: it too adds eps to the mean square and keeps it. Its weight decay is coupled. */
const controlFor = ({ lr, betas, eps, weight_decay }) => ({ lr, betas, eps, weight_decay });

/** Options of SGD, AdaBelief and the others for language models; those of 2 and 3 layers have larger rates. */
const languageSettings = (adaBelief, lr) => ({
  AdaBelief: adaBelief,
  EAdam: controlFor(adaBelief),
  SGD: { lr: 30, ...language },
  AdaBound: { lr: 1e-2, final_lr: 30, ...language },
  Yogi: { lr: 1e-2, ...language },
  Adam: { lr, ...language },
  MSVAG: { lr: 30, ...msvag, ...language },
  RAdam: { lr, ...language },
  AdamW: { lr, ...language },
  Fromage: { lr: 1e-2 },
  RangerAdaBelief: { lr },
});

/** The settings of the paper. Where it has none for an optimizer, as for RangerAdaBelief, the package's defaults complete them. */
export const paper = {
  image: {
    AdaBelief: recipes.cifar,
    EAdam: controlFor(recipes.cifar),
    SGD: { lr: 0.1, momentum: 0.9, ...image },
    AdaBound: { lr: 1e-3, final_lr: 0.1, ...image },
    Yogi: { lr: 1e-3, eps: 1e-3, ...image },
    Adam: { lr: 1e-3, ...image },
    MSVAG: { lr: 0.1, ...msvag, ...image },
    RAdam: { lr: 1e-3, ...image },
    AdamW: { lr: 1e-3, weight_decay: 1e-2 },
    Fromage: { lr: 1e-2 },
    RangerAdaBelief: { lr: 1e-3 },
  },
  lstm1: languageSettings(recipes.lstm1, 1e-3),
  lstm2: languageSettings(recipes.lstm23, 1e-2),
  lstm3: languageSettings(recipes.lstm23, 1e-2),
  gan: {
    AdaBelief: recipes.gan,
    EAdam: controlFor(recipes.gan),
    SGD: { lr: 2e-4, momentum: 0.9 },
    AdaBound: { final_lr: 2e-2, ...gan },
    Yogi: gan,
    Adam: gan,
    MSVAG: { ...gan, ...msvag },
    RAdam: gan,
    AdamW: gan,
    Fromage: { lr: 2e-4 },
    RangerAdaBelief: gan,
  },
  pronounce: {
    AdaBelief: recipes.transformer,
    EAdam: controlFor(recipes.transformer),
    SGD: { lr: 0.1, momentum: 0.9, weight_decay: 1e-4 },
    AdaBound: { final_lr: 0.1, ...pronounce },
    Yogi: pronounce,
    Adam: pronounce,
    MSVAG: { ...pronounce, ...msvag },
    RAdam: pronounce,
    AdamW: pronounce,
    Fromage: { lr: 1.5e-3 },
    RangerAdaBelief: { lr: 1.5e-3, weight_decay: 1e-4 },
  },
  // Not in the paper: the rate of PyTorch's example of REINFORCE, and AdaBelief's eps where Adam beats SGD.
  control: {
    AdaBelief: { ...control, eps: 1e-12 },
    EAdam: { ...control, eps: 1e-12 },
    SGD: { lr: 0.1, momentum: 0.9 },
    AdaBound: { ...control, final_lr: 0.1 },
    Yogi: control,
    Adam: control,
    MSVAG: { lr: 0.1, ...msvag },
    RAdam: control,
    AdamW: control,
    Fromage: control,
    RangerAdaBelief: control,
  },
};
paper.sngan = { ...paper.gan, AdaBelief: recipes.snGan, EAdam: controlFor(recipes.snGan) };

/** Learning rates that every optimizer is tried with. */
export const grids = {
  image: [1e-3, 1e-2, 1e-1, 1],
  lstm1: [1e-3, 1e-2, 1e-1, 1],
  lstm2: [1e-3, 1e-2, 1e-1, 1],
  lstm3: [1e-3, 1e-2, 1e-1, 1],
  gan: [1e-5, 1e-4, 1e-3, 1e-2],
  sngan: [1e-5, 1e-4, 1e-3, 1e-2],
  pronounce: [1e-4, 1e-3, 1e-2, 1e-1],
  control: [1e-4, 1e-3, 1e-2, 1e-1],
};

/** The options on the grid: the paper's with another rate. AdaBound's final rate keeps its ratio to the rate. */
export function withRate(options, lr) {
  return { ...options, lr, ...(options.final_lr === undefined ? {} : { final_lr: (options.final_lr * lr) / options.lr }) };
}

export function makeOptimizer(name, parameters, options) {
  const Optimizer = optimizers[name];
  if (Optimizer === undefined) throw new RangeError(`There is no optimizer ${name}: ${Object.keys(optimizers).join(", ")}`);
  return new Optimizer(parameters, options);
}
