// Figures of the paper and of its repository, for the same kind of task at its full size. Image recognition: CIFAR-10, the best test
// accuracy over the epochs, in percent, with ResNet-34, VGG-11 and DenseNet-121. Language: Penn Treebank, test perplexity. GANs: Fréchet
// distances on CIFAR-10 with Inception features; for SN-GAN the documents of the repository have 12.36 for AdaBelief and 13.25 for Adam.
const names = ["AdaBelief", "SGD", "AdaBound", "Yogi", "Adam", "MSVAG", "RAdam", "AdamW", "Fromage"];
const figures = (...values) => Object.fromEntries(values.map((value, k) => [names[k], value]));

export const published = {
  image: {
    vgg: figures(91.41, 90.11, 90.62, 90.67, 88.4, 90.24, 89.3, 89.39, 89.77),
    resnet: figures(95.44, 94.64, 94.85, 94.71, 93.02, 94.44, 94.33, 94.59, 94.51),
    densenet: figures(95.51, 94.5, 94.58, 94.76, 93.35, 94.81, 94.81, 94.55, 95.1),
  },
  language: {
    lstm1: figures(84.21, 85.07, 84.78, 86.59, 84.28, 84.68, 88.57, 87.8),
    lstm2: figures(66.29, 67.42, 67.53, 71.33, 67.27, 68.83, 90.0, 94.86),
    lstm3: figures(61.23, 63.77, 63.58, 67.51, 64.28, 65.03, 93.11, 104.49),
  },
  gan: {
    wgan: { AdaBelief: 81, Adam: 98, RAdam: 100 },
    "wgan-gp": { AdaBelief: 60, Adam: 72, Fromage: 68 },
    sngan: { AdaBelief: 12.52, Adam: 13.05, RAdam: 12.7 },
  },
};
