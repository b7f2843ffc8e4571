// Trains a character LSTM on Moby Dick with the authors' settings for LSTMs of one layer: their recipe, gradients clipped by norm at
// 0.25, and the learning rate divided by ten at 50 % and at 72.5 % of the way.
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { crc32 } from "node:zlib";
import { AdaBelief, MultiStepLR, parameter, recipes } from "adabelief";
import { drawCurves } from "../shared/curves.mjs";
import { pathFromCaller, readOptions, requireBelow } from "../shared/options.mjs";
import { progressBar } from "../shared/progress.mjs";
import { makeRandom } from "../shared/random.mjs";
import { Stopwatch } from "../shared/stopwatch.mjs";
import { makeLstm } from "./lstm.mjs";
import { alphabet, encode, Streams, texts } from "./text.mjs";

const options = readOptions("A character LSTM on Moby Dick, gradients by onnxruntime", {
  steps: [2000, "updates", 1],
  stop: [Infinity, "stop after this update, as if interrupted"],
  lr: [1e-2, "learning rate at the beginning"],
  cells: [256, "size of the memory", 1],
  rows: [32, "streams of text side by side", 1],
  length: [50, "characters that gradients go back over", 1],
  seed: [1, "of the initial weights and the sampled text"],
  sample: [500, "characters of text to make at the end"],
  checkpoint: ["", "file to save to, and to go on from where it exists"],
  svg: ["", "file for a picture of the loss"],
  below: [Infinity, "fail where the loss on held-out text is not below this"],
});
const { steps, cells, rows, length } = options;

const random = makeRandom(options.seed);
/** Weights, uniform in ±1/√cells. */
function makeWeights(name, ...shape) {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  return parameter(
    data.map(() => (2 * random() - 1) / Math.sqrt(cells)),
    { name, shape },
  );
}
const weights = {
  wx: makeWeights("wx", alphabet.length, 4 * cells),
  wh: makeWeights("wh", cells, 4 * cells),
  b: makeWeights("b", 4 * cells),
  wo: makeWeights("wo", cells, alphabet.length),
  bo: makeWeights("bo", alphabet.length),
};
const parameters = Object.values(weights);
const training = await makeLstm(weights, { rows, length, gradients: true });
const checking = await makeLstm(weights, { rows, length });

// What the LSTM remembers between two updates has no gradient: the optimizer leaves it alone, and its checkpoints keep it.
const memory = [
  parameter(training.state.h.data, { name: "h", shape: [rows, cells] }),
  parameter(training.state.c.data, { name: "c", shape: [rows, cells] }),
];
const optimizer = new AdaBelief([{ params: parameters }, { params: memory, name: "memory" }], {
  ...recipes.lstm1,
  lr: options.lr,
});
const schedule = new MultiStepLR(optimizer, { milestones: [0.5 * steps, 0.725 * steps].map(Math.round) });

let step = 0;
let sum = 0; // of the losses since the curve's last point
let curve = [];
const path = pathFromCaller(options.checkpoint);
if (options.checkpoint !== "" && existsSync(path)) {
  const { extra } = await optimizer.loadState(path, { parameters: true });
  ({ step, sum, curve } = extra);
  schedule.loadStateDict(extra.schedule);
  console.log(`Going on from update ${step} of ${path}`);
}
const save = () => optimizer.saveState(path, { parameters: true, extra: { step, sum, curve, schedule: schedule.stateDict() } });

/** The mean loss of a character of the held-out text. */
async function heldOutLoss() {
  const streams = new Streams(texts.heldOut, rows, length);
  checking.forget();
  let sum = 0;
  for (let k = 0; k < streams.pieces; ++k) {
    streams.read(k, checking.input, checking.targets);
    sum += await checking.run();
  }
  return sum / streams.pieces;
}

const count = parameters.reduce((sum, { data }) => sum + data.length, 0);
console.log(`${count} parameters, ${texts.training.length} characters, ${steps} updates, seed ${options.seed}`);
let interrupted = false;
process.once("SIGINT", () => (interrupted = true));

const streams = new Streams(texts.training, rows, length);
const bar = progressBar("char-lstm", steps, "updates");
const stopwatch = new Stopwatch();
const every = Math.ceil(steps / 12);
const first = step;
while (step < Math.min(steps, options.stop) && !interrupted) {
  const piece = step % streams.pieces;
  if (piece === 0) training.forget();
  streams.read(piece, training.input, training.targets);
  const loss = await stopwatch.gradients(training.run);
  stopwatch.step(() => optimizer.step({ maxGradNorm: 0.25 }));
  schedule.step();
  step += 1;
  sum += loss;
  if (step % every === 0 || step === steps) {
    curve.push({ step, training: sum / (step % every || every), heldOut: await heldOutLoss() });
    sum = 0;
    if (options.checkpoint !== "") await save();
  }
  bar.update(step, `loss ${loss.toFixed(3)}, held out ${curve.at(-1)?.heldOut.toFixed(3) ?? "-"}`);
}
bar.stop();
if (options.checkpoint !== "") await save();

/** Text that the LSTM makes up after some other, each character drawn with probabilities whose logarithms are divided by `heat`. */
async function makeText(before, characters, heat) {
  const lstm = await makeLstm(weights, { rows: 1, length: 1 });
  const read = async (code) => {
    lstm.input.fill(0)[code] = 1;
    await lstm.run();
  };
  for (const code of encode(before)) await read(code);
  const random = makeRandom(options.seed);
  let text = before;
  while (text.length < characters) {
    const most = Math.max(...lstm.logits);
    const shares = Array.from(lstm.logits, (logit) => Math.exp((logit - most) / heat));
    let left = random() * shares.reduce((sum, share) => sum + share);
    const code = shares.findIndex((share) => (left -= share) < 0);
    text += alphabet[code];
    await read(code);
  }
  return text;
}

if (step > first) console.log(`An update: ${stopwatch.report(step - first)}, clipping included`);
const bytes = parameters.map(({ data }) => Buffer.from(data.buffer));
console.log(`After update ${step} the weights have the checksum ${crc32(Buffer.concat(bytes)).toString(16).padStart(8, "0")}`);
if (step === steps) {
  const { training, heldOut } = curve.at(-1);
  console.log(`Loss of a character: ${training.toFixed(3)} nats, on held-out text ${heldOut.toFixed(3)}\n`);
  console.log(await makeText("The whale", options.sample, 0.7));
  if (options.svg !== "") {
    const points = curve.flatMap(({ step: x, training, heldOut }) => [
      { x, y: training, line: "training" },
      { x, y: heldOut, line: "held-out text" },
    ]);
    await drawCurves(pathFromCaller(options.svg), points, {
      picture: "A character LSTM on Moby Dick",
      x: "update",
      y: "loss (nats a character)",
    });
  }
  requireBelow("Loss on held-out text", heldOut, options.below);
}
