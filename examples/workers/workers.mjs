// Trains a network on handwritten digits with gradients from worker threads. There is one copy of the parameters and of the
// optimizer's state: the parameters lie in shared memory, where the workers read them. Each part of a batch has a gradient of its own in
// shared memory; `accumulate` adds them in the order of the parts, not of the workers. So the weights at the end have the same bits
// with any number of workers.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { AdaBelief, accumulate, info, parameter } from "adabelief";
import { readDigits, size } from "../digits/mnist.mjs";
import { readOptions, requireBelow } from "../shared/options.mjs";
import { makeRandom } from "../shared/random.mjs";
import { cut, lengthsOf } from "./network.mjs";

const options = readOptions("Handwritten digits, gradients in worker threads", {
  workers: [availableParallelism(), "threads that compute gradients", 1],
  digits: [6000, "digits to train on", 64],
  epochs: [2, "times through them", 1],
  hidden: [128, "units between the two layers", 1],
  seed: [1, "of the initial weights and the order"],
  below: [Infinity, "fail where the loss is not below this"],
});
const parts = 16; // more than workers, and not their number: then the sums are the same for all of them
const perPart = 4;
const sizes = { inputs: size, hidden: options.hidden, outputs: 10 };
const lengths = lengthsOf(sizes);
const count = lengths.reduce((a, b) => a + b);

const shared = (Type, length) => new Type(new SharedArrayBuffer(length * Type.BYTES_PER_ELEMENT));
const weights = shared(Float32Array, count);
const gradients = Array.from({ length: parts }, () => shared(Float32Array, count));
const losses = shared(Float64Array, parts);
const batch = shared(Int32Array, parts * perPart);
const control = shared(Int32Array, 2); // the round, which is -1 at the end; the workers that are still computing
const images = shared(Float32Array, options.digits * size);
const digits = shared(Uint8Array, options.digits);
readDigits("train", options.digits).forEach(({ pixels, digit }, k) => {
  images.set(pixels, k * size);
  digits[k] = digit;
});

const random = makeRandom(options.seed);
const [weight1, , weight2] = cut(weights, lengths);
for (const [weight, inputs] of [
  [weight1, size],
  [weight2, options.hidden],
]) {
  weight.forEach((_, i) => (weight[i] = (2 * random() - 1) * Math.sqrt(6 / inputs)));
}

const { workers } = options;
const data = { workers, sizes, control, weights, gradients, losses, images, digits, batch };
const threads = Array.from({ length: workers }, (_, id) => {
  return new Worker(new URL("worker.mjs", import.meta.url), { workerData: { ...data, id } });
});
await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once("online", resolve))));

const mean = new Float32Array(count);
const params = cut(weights, lengths).map((values, k) => parameter(values, { grad: cut(mean, lengths)[k] }));
const optimizer = new AdaBelief(params, { eps: 1e-12 });
const steps = Math.floor(options.digits / batch.length) * options.epochs;
const time = { gradients: [], sum: [], step: [] };
let loss = 2.3;
for (let step = 0; step < steps; ++step) {
  batch.forEach((_, k) => (batch[k] = Math.floor(random() * options.digits)));
  const started = performance.now();
  Atomics.store(control, 1, workers);
  Atomics.add(control, 0, 1);
  Atomics.notify(control, 0);
  for (let left; (left = Atomics.load(control, 1)) > 0;) Atomics.wait(control, 1, left);
  const computed = performance.now();
  mean.fill(0);
  accumulate(mean, gradients, 1 / batch.length);
  const summed = performance.now();
  optimizer.step();
  const stepped = performance.now();
  time.gradients.push(computed - started);
  time.sum.push(summed - computed);
  time.step.push(stepped - summed);
  loss += 0.05 * (losses.reduce((a, b) => a + b) / batch.length - loss);
}
Atomics.store(control, 0, -1);
Atomics.notify(control, 0);

/** The median, and the least. */
function each(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const microseconds = (value) => (1000 * value).toFixed(0);
  return `${microseconds(sorted[Math.floor(sorted.length / 2)])} µs (least ${microseconds(sorted[0])})`;
}
const checksum = crc32(new Uint8Array(weights.buffer)).toString(16).padStart(8, "0");
console.log(
  `${count} parameters, ${steps} steps of ${batch.length} digits, ${workers} workers, ${info().backend}: loss ${loss.toFixed(3)}`,
);
console.log(`a step: gradients ${each(time.gradients)}, their sum ${each(time.sum)}, the optimizer ${each(time.step)}`);
console.log(`checksum of the weights: ${checksum}`);
requireBelow("Loss", loss, options.below);
