// The tensors of real models, as lists of lengths, in the order of their parameters.

const repeat = (count: number, lengths: readonly number[]): number[] => Array.from({ length: count }, () => lengths).flat();

/** ResNet-50 for ImageNet (He et al., 2015), as torchvision has it: convolutions without bias, batch norms, one classifier. */
function resnet50(): number[] {
  const convolution = (inputs: number, outputs: number, side: number) => [inputs * outputs * side * side, outputs, outputs];
  const stages = [
    { blocks: 3, width: 64 },
    { blocks: 4, width: 128 },
    { blocks: 6, width: 256 },
    { blocks: 3, width: 512 },
  ];
  let inputs = 64;
  const body = stages.flatMap(({ blocks, width }) =>
    Array.from({ length: blocks }, (_, block) => {
      const shortcut = block === 0 ? convolution(inputs, 4 * width, 1) : [];
      const own = [...convolution(inputs, width, 1), ...convolution(width, width, 3), ...convolution(width, 4 * width, 1)];
      inputs = 4 * width;
      return [...own, ...shortcut];
    }).flat(),
  );
  return [...convolution(3, 64, 7), ...body, 2048 * 1000, 1000];
}

/** GPT-2 small (Radford et al., 2019), its output tied to the embedding. */
function gpt2(): number[] {
  const d = 768;
  const layer = [d, d, d * 3 * d, 3 * d, d * d, d, d, d, d * 4 * d, 4 * d, 4 * d * d, d];
  return [50_257 * d, 1024 * d, ...repeat(12, layer), d, d];
}

/** A language model of three LSTM layers for Penn Treebank (Merity et al., AWD-LSTM), its output tied to the embedding. */
function lstm(): number[] {
  const layer = (inputs: number, hidden: number) => [4 * hidden * inputs, 4 * hidden * hidden, 4 * hidden, 4 * hidden];
  return [10_000 * 400, ...layer(400, 1150), ...layer(1150, 1150), ...layer(1150, 400), 10_000];
}

export const shapes: Readonly<Record<string, readonly number[]>> = {
  resnet50: resnet50(),
  gpt2: gpt2(),
  lstm: lstm(),
  "1000x1000": repeat(1000, [1000]),
};
