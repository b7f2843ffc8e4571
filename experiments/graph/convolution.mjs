// Two-dimensional convolution. Each of the three functions here has the two others as its gradient, so that gradients of any order exist.
// Images are [number, channels, height, width], kernels [output channels, input channels, height, width].
import { correlate } from "./correlate.mjs";

const outputSize = (size, kernel, stride, padding) => Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** The convolution of images with kernels, as PyTorch's conv2d. */
export function conv2d(x, w, { stride = 1, padding = 0 } = {}) {
  const [count, channels, ...size] = x.shape;
  const [outputs, inputs, ...kernel] = w.shape;
  if (inputs !== channels) throw new RangeError(`Kernels [${w.shape}] do not fit images [${x.shape}]`);
  return x.graph.node("Conv", [x, w], {
    shape: [count, outputs, ...size.map((length, k) => outputSize(length, kernel[k], stride, padding))],
    attributes: { strides: [stride, stride], pads: Array(4).fill(padding), kernel_shape: kernel },
    backward: (g) => [
      () => conv2dTransposed(g, w, { stride, padding, size }),
      () => conv2dKernel(x, g, { stride, padding, kernel }),
    ],
  });
}

/** The adjoint of conv2d in its images, as PyTorch's conv_transpose2d: kernels are [input channels, output channels, height, width]. */
export function conv2dTransposed(x, w, { stride = 1, padding = 0, size } = {}) {
  const [count, channels, ...from] = x.shape;
  const [inputs, outputs, ...kernel] = w.shape;
  if (inputs !== channels) throw new RangeError(`Kernels [${w.shape}] do not fit images [${x.shape}]`);
  const least = from.map((length, k) => (length - 1) * stride - 2 * padding + kernel[k]);
  size ??= least;
  return x.graph.node("ConvTranspose", [x, w], {
    shape: [count, outputs, ...size],
    attributes: {
      strides: [stride, stride],
      pads: Array(4).fill(padding),
      output_padding: size.map((length, k) => length - least[k]),
      kernel_shape: kernel,
    },
    backward: (g) => [() => conv2d(g, w, { stride, padding }), () => conv2dKernel(g, x, { stride, padding, kernel })],
  });
}

/** The gradient of conv2d(x, w) with respect to w, where g is that of its output. */
function conv2dKernel(x, g, { stride, padding, kernel }) {
  const size = x.shape.slice(2);
  return x.graph.fused(correlate(x, g, { stride, padding, kernel }), [x, g], (w) => [
    () => conv2dTransposed(g, w, { stride, padding, size }),
    () => conv2d(x, w, { stride, padding }),
  ]);
}
