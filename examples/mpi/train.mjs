// Trains a network on handwritten digits over the processes that mpirun starts. A batch is cut into parts, as many on each process.
// Each process adds the gradients of its own parts in pairs, Sharded those of the processes. So the weights at the end have the same bits
// with one process and with any number that have 1, 2, 4, 8, ... parts each. Without mpirun it is one process that has all parts.
import { crc32 } from "node:zlib";
import { AdaBelief, accumulate, parameter } from "adabelief";
import { mpi, Sharded } from "adabelief/mpi";
import { readDigits, size } from "../digits/mnist.mjs";
import { pathFromCaller, readOptions, requireBelow } from "../shared/options.mjs";
import { makeRandom } from "../shared/random.mjs";
import { addGradients, lengthsOf } from "../workers/network.mjs";

const options = readOptions("Handwritten digits, over the processes that mpirun starts", {
  digits: [6000, "digits to train on", 64],
  epochs: [2, "times through them", 1],
  parts: [16, "parts that a batch is cut into", 1],
  hidden: [128, "units between the two layers", 1],
  seed: [1, "of the initial weights and the order"],
  save: ["", "write a checkpoint here at the end"],
  below: [Infinity, "fail where the loss is not below this"],
});
const world = await mpi.world({ timeout: 120 });
const perPart = 4;
const own = options.parts / world.size;
if (world.size > 1 && !Number.isInteger(Math.log2(own))) {
  if (world.rank === 0) console.error(`--parts must be 1, 2, 4, 8, ... for each of ${world.size} processes; see --help`);
  await world.close(); // a rank that ends without it ends the job, and may cut off what others print
  process.exit(2);
}
const sizes = { inputs: size, hidden: options.hidden, outputs: 10 };
const lengths = lengthsOf(sizes);
const params = lengths.map((length) => parameter(new Float32Array(length), { grad: new Float32Array(length) }));
const data = params.map(({ data }) => data);
const parts = Array.from({ length: own }, () => lengths.map((length) => new Float32Array(length)));

// Only rank 0 draws the weights. The others get them from it.
const [weight1, , weight2] = data;
const draw = makeRandom(options.seed + world.rank);
for (const [weight, inputs] of [
  [weight1, size],
  [weight2, options.hidden],
]) {
  weight.forEach((_, i) => (weight[i] = (2 * draw() - 1) * Math.sqrt(6 / inputs)));
}
const optimizer = new Sharded(new AdaBelief(params, { eps: 1e-12 }), world);
await optimizer.broadcast();

const digits = readDigits("train", options.digits);
const random = makeRandom(options.seed); // the same on all: everybody knows the whole batch, and takes its own parts
const batch = new Int32Array(options.parts * perPart);
const steps = Math.floor(options.digits / batch.length) * options.epochs;
let loss = 2.3;
const started = performance.now();
for (let step = 0; step < steps; ++step) {
  batch.forEach((_, k) => (batch[k] = Math.floor(random() * options.digits)));
  let sum = 0;
  parts.forEach((gradients, k) => {
    for (const gradient of gradients) gradient.fill(0);
    const first = (world.rank * own + k) * perPart;
    for (const index of batch.subarray(first, first + perPart)) {
      const { pixels, digit } = digits[index];
      sum += addGradients(sizes, data, gradients, pixels, digit);
    }
  });
  // From the last parameter to the first, as a backward pass would complete them.
  for (const k of [...params.keys()].reverse()) {
    params[k].grad.fill(0);
    accumulate(
      params[k].grad,
      parts.map((gradients) => gradients[k]),
      1,
      { order: "pairs" },
    );
    optimizer.ready(params[k]);
  }
  await optimizer.step({ gradScale: world.size / batch.length });
  loss += 0.05 * (sum / (own * perPart) - loss);
}
const seconds = (performance.now() - started) / 1000;
if (options.save !== "") await optimizer.saveState(pathFromCaller(options.save), { parameters: true, extra: { steps } });

if (world.rank === 0) {
  const count = lengths.reduce((a, b) => a + b);
  const checksum = data.reduce((sum, { buffer }) => crc32(new Uint8Array(buffer), sum), 0);
  console.log(
    `${count} parameters, ${steps} steps of ${batch.length} digits, ${world.size} processes: loss ${loss.toFixed(3)}, ${seconds.toFixed(1)} s`,
  );
  console.log(`checksum of the weights: ${checksum.toString(16).padStart(8, "0")}`);
  requireBelow("Loss", loss, options.below);
}
await world.close();
