// The gradient of a convolution's kernels: for every tap of the kernel the product of the output's gradient and the shifted images.
//
// Images are padded until a row of the gradient, filled up with zeros, is as wide as theirs. A shift by a tap is then a shift of the
// flattened image, and the images that belong to a tap are one contiguous range: slices need no gather, and each tap is one product.
import { concat, pad, reshape, slice, sum, transpose } from "./shape.mjs";
import { batchMatmul } from "./matrix.mjs";

/** Σ over images and positions of g · x at each tap, [channels of g, channels of x, ...kernel]. */
export function correlate(x, g, { stride, padding, kernel }) {
  if (stride > 2) throw new RangeError(`Kernels have gradients for strides 1 and 2 only, not ${stride}`);
  if (stride === 1) return correlateTaps(prepare(x, padding, kernel), g, kernel);
  if (kernel.every((length) => length === 1)) return correlateTaps(everySecond(x, padding, g), g, kernel);
  return correlateBlocks(x, g, padding, kernel);
}

/** The padded images. The last tap's range ends beyond the last row, hence one row more. */
function prepare(x, padding, [, kernelWidth]) {
  const more = kernelWidth > 1 ? 1 : 0;
  return x.graph.memo(`padded ${x.name} ${padding} ${more}`, () =>
    pad(x, [
      [0, 0],
      [0, 0],
      [padding, padding + more],
      [padding, padding],
    ]),
  );
}

function everySecond(x, padding, g) {
  if (padding !== 0) throw new RangeError("A kernel of 1 × 1 is padded with 0");
  const { graph } = x;
  const [height, width] = g.shape.slice(2);
  const bounds = [
    [0, 0],
    [2 * height - 1, 2 * width - 1],
    [2, 3],
    [2, 2],
  ].map((numbers) => graph.integers(numbers));
  return graph.node("Slice", [x, ...bounds], { shape: [...x.shape.slice(0, 2), height, width] });
}

function correlateTaps(x, g, [kernelHeight, kernelWidth]) {
  const [count, channels, rows, width] = x.shape;
  const [, outputs, height, narrow] = g.shape;
  const range = height * width;
  const images = reshape(x, [count, channels, rows * width]);
  const filled = pad(g, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, width - narrow],
  ]);
  const gradients = reshape(filled, [count, outputs, range]);
  const taps = [];
  for (let i = 0; i < kernelHeight; ++i)
    for (let j = 0; j < kernelWidth; ++j) {
      const start = i * width + j;
      const shifted = range === rows * width ? images : slice(images, 2, start, start + range);
      taps.push(sum(batchMatmul(gradients, shifted, { transB: true }), [0]));
    }
  if (taps.length === 1) return reshape(taps[0], [outputs, channels, 1, 1]);
  const columns = taps.map((tap) => reshape(tap, [outputs, channels, 1]));
  return reshape(concat(columns, 2), [outputs, channels, kernelHeight, kernelWidth]);
}

/** Stride 2: blocks of 2 × 2 pixels become channels, and the stride becomes 1. */
function correlateBlocks(x, g, padding, kernel) {
  const { graph } = x;
  const [count, channels, ...size] = x.shape;
  const outputs = g.shape[1];
  const half = kernel.map((length) => Math.ceil(length / 2));
  const more = half[1] > 1 ? 1 : 0;
  const blocks = half.map((length, k) => g.shape[2 + k] + length - 1 + (k === 0 ? more : 0));
  const images = graph.memo(`blocks of ${x.name} ${padding} ${blocks}`, () => {
    const amounts = size.map((length, k) => [padding, 2 * blocks[k] - length - padding]);
    const padded = pad(x, [[0, 0], [0, 0], ...amounts]);
    return graph.node("SpaceToDepth", [padded], { shape: [count, 4 * channels, ...blocks], attributes: { blocksize: 2 } });
  });
  const taps = reshape(correlateTaps(images, g, half), [outputs, 2, 2, channels, ...half]);
  const double = half.map((length) => 2 * length);
  const kernels = reshape(transpose(taps, [0, 3, 4, 1, 5, 2]), [outputs, channels, ...double]);
  return kernel.reduce((w, length, k) => (length === double[k] ? w : slice(w, 2 + k, 0, length)), kernels);
}
