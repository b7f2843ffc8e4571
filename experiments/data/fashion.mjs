// Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017; MIT licence), from the Debian package dataset-fashion-mnist.
import { readClothes } from "../../examples/fashion-mnist/data.mjs";
import { halve } from "./images.mjs";

/** Installs the Debian package if it is missing and that is possible. */
export const prepare = () => void readClothes("t10k", 0, 1);

/** `count` images of "train" or "t10k" from number `start` on, with pixels in [-1, 1] and a margin, of 32 or 16 pixels. */
export function readFashion(set, { start = 0, count, size = 32 }) {
  const { pixels: narrow, labels } = readClothes(set, start, count);
  const pixels = new Float32Array(count * 32 * 32).fill(-1);
  for (let k = 0; k < count; ++k)
    for (let y = 0; y < 28; ++y)
      for (let x = 0; x < 28; ++x) pixels[(k * 32 + y + 2) * 32 + x + 2] = 2 * narrow[(k * 28 + y) * 28 + x] - 1;
  const images = { pixels, labels, channels: 1, size: 32 };
  return size === 32 ? images : halve(images);
}
