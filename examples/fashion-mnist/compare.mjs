// Compares AdaBelief with the Adam and SGD of TensorFlow.js on Fashion-MNIST: every optimizer at every learning rate of one grid, with
// several seeds, the best rate of each chosen on a validation set and then judged on the test set.
// Run it with `npm start --prefix examples/fashion-mnist`; README.md has the options.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provenance } from "../../dist/lib/bench/report.js";
import { progressBar } from "../shared/progress.mjs";
import { readClothes } from "./data.mjs";
import { plot } from "./plot.mjs";
import { bestOf, table } from "./results.mjs";
import { optimizers, prepare, train } from "./train.mjs";

const { values: options } = parseArgs({
  options: {
    images: { type: "string", default: "10000" },
    epochs: { type: "string", default: "6" },
    batch: { type: "string", default: "64" },
    seeds: { type: "string", default: "3" },
    rates: { type: "string", default: "3e-4,1e-3,3e-3,1e-2,3e-2,1e-1,3e-1,1" },
    optimizers: { type: "string", default: Object.keys(optimizers).join(",") },
    out: { type: "string", default: "build" },
  },
});
const count = (key) => {
  const value = Number(options[key]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${key} must be a whole number above 0, got ${options[key]}`);
  process.exit(2);
};
const names = options.optimizers.split(",");
const rates = options.rates.split(",").map(Number);
const unknown = names.find((name) => !Object.hasOwn(optimizers, name));
if (unknown !== undefined || !rates.every((rate) => rate > 0 && rate < Infinity)) {
  console.error(`--optimizers are some of ${Object.keys(optimizers).join(",")}; --rates are numbers above 0`);
  process.exit(2);
}
const settings = { images: count("images"), epochs: count("epochs"), batchSize: count("batch") };
const seeds = Array.from({ length: count("seeds") }, (_, k) => k + 1);
const file = join(options.out, "results.json");

/** The runs that an earlier call with the same settings has made: a comparison can be stopped, and go on. */
function earlierRuns() {
  if (!existsSync(file)) return [];
  const earlier = JSON.parse(readFileSync(file, "utf8"));
  return JSON.stringify(earlier.settings) === JSON.stringify(settings) ? earlier.runs : [];
}

const runs = earlierRuns();
const done = ({ optimizer, rate, seed }) =>
  runs.some((run) => run.optimizer === optimizer && run.rate === rate && run.seed === seed);
const planned = names.flatMap((optimizer) => rates.flatMap((rate) => seeds.map((seed) => ({ optimizer, rate, seed }))));
const open = planned.filter((run) => !done(run));
console.log(
  `${settings.images} images to train with, ${settings.epochs} epochs; ${planned.length} trainings, ${planned.length - open.length} of them made before`,
);

const data = await prepare({
  training: readClothes("train", 0, settings.images),
  validation: readClothes("train", 50_000, 2000),
  test: readClothes("t10k", 0, 10_000),
});
mkdirSync(options.out, { recursive: true });
const bar = open.length > 0 ? progressBar("", open.length, "trainings") : undefined;
for (const run of open) {
  const result = await train({ ...run, ...settings }, data);
  runs.push(result);
  writeFileSync(file, JSON.stringify({ ...provenance(), settings, runs }));
  const last = `${run.optimizer} at ${run.rate}, seed ${run.seed}: ${(100 * result.curve.at(-1).accuracy).toFixed(1)} % right`;
  if (process.stdout.isTTY) bar?.update(open.indexOf(run) + 1, last);
  else console.log(last);
}
bar?.stop();

const report = { ...provenance(), ...JSON.parse(readFileSync(file, "utf8")) };
console.log(table(report));
writeFileSync(join(options.out, "curves.svg"), await plot(report));
console.log(`${join(options.out, "curves.svg")} has the curves, ${file} the figures`);
for (const [name, { rate, atEdge }] of bestOf(report)) {
  if (atEdge) console.log(`The best rate of ${name}, ${rate}, is at the edge of the grid: a wider one may have a better`);
}
