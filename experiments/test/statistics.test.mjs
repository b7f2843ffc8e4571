import assert from "node:assert/strict";
import { test } from "node:test";
import { colorsOf, pointsOf, seedsOf, specify } from "../plot.mjs";
import { optimizers } from "../settings.mjs";
import { differenceOf, meanOf, spreadOf } from "../statistics.mjs";
import { makeScreening, makeTable } from "../table.mjs";

const result = (table, optimizer, lr, seed, accuracy, rest = {}) => ({
  ...{ job: { task: "image", table, optimizer, options: { lr }, seed }, diverged: false },
  ...{ final: { accuracy }, curve: [{ epoch: 1, trainingLoss: 2, accuracy: 0.1 }, { epoch: 2, trainingLoss: 1, accuracy }] }, // prettier-ignore
  ...{
    machine: { cpu: "test", cores: 2, memory_gb: 1, node: "20", platform: "linux-x64", libc: "glibc" },
    version: "0",
    date: "2000-01-01",
  },
  ...rest,
});
const results = [
  result("paper", "Adam", 1e-3, 1, 0.5),
  result("paper", "Adam", 1e-3, 2, 0.52),
  result("paper", "AdaBelief", 1e-3, 2, 0.6),
  result("paper", "AdaBelief", 1e-3, 1, 0.58),
  result("paper", "SGD", 0.1, 1, 0.7),
  result("paper", "SGD", 0.1, 2, 0.5),
  result("paper", "Yogi", 0.1, 1, Number.NaN, { diverged: true }),
  result("screening", "Adam", 1e-3, 1, 0.5),
  result("screening", "Adam", 1e-2, 1, 0.6),
];

test("paired differences with Student's interval", () => {
  const { mean, low, high } = differenceOf([[2, 1], [4, 2], [6, 3]]); // prettier-ignore
  assert.equal(mean, 2);
  assert.ok(Math.abs(high - (2 + 4.303 / Math.sqrt(3))) < 1e-12 && Math.abs(low - (2 - 4.303 / Math.sqrt(3))) < 1e-12);
  assert.equal(meanOf([1, 2, 6]), 3);
  assert.equal(spreadOf([1, 3]), Math.SQRT2);
  assert.throws(() => differenceOf([[1, 2]]), /Expected 2 to/); // prettier-ignore
});

test("a table of means, paired differences and published figures", () => {
  const [, , ...rows] = makeTable(results, { task: "image", model: "resnet", table: "paper" });
  assert.deepEqual(rows, [
    "| AdaBelief | 0.001 | 2 | 59.00 ± 1.41 |  | 95.44 |",
    "| SGD | 0.1 | 2 | 60.00 ± 14.14 | 1.00 (-138.77 to 140.77), no difference seen | 94.64 |",
    "| Yogi | 0.1 | 1 | diverged in 1 of 1 | - | 94.71 |",
    "| Adam | 0.001 | 2 | 51.00 ± 1.41 | -8.00 (-8.00 to -8.00) | 93.02 |",
  ]);
});

test("a table of screened rates", () => {
  assert.deepEqual(makeScreening(results, { task: "image" }).slice(2), ["| Adam | 50.00 | **60.00** |"]);
});

test("curves with mean and range", () => {
  const points = pointsOf([["Adam", results.slice(0, 2)]], "accuracy");
  assert.deepEqual(points.at(-1), { optimizer: "Adam", epoch: 2, mean: 0.51, least: 0.5, greatest: 0.52 });
  assert.equal(specify(results, { task: "image", model: "resnet" }).vconcat.length, 1);
});

test("the picture says how many seeds its bands span", () => {
  const of = (optimizer, ...seeds) => seeds.map((seed) => result("paper", optimizer, 0.1, seed, 0.5));
  assert.equal(seedsOf(of("Adam", 1)), "1 seed");
  assert.equal(seedsOf([...of("Adam", 1, 2), ...of("SGD", 1, 2)]), "2 seeds");
  assert.equal(seedsOf([...of("Adam", 1, 2), ...of("SGD", 1, 2, 3)]), "2 to 3 seeds");
});

test("a colour of its own for each optimizer, whatever is drawn beside it", () => {
  const names = Object.keys(optimizers);
  const { domain, range } = colorsOf(names.map((optimizer) => ({ optimizer })));
  assert.deepEqual(domain, names);
  assert.equal(new Set(range).size, names.length);
  assert.deepEqual(colorsOf([{ optimizer: names[3] }]), { domain: [names[3]], range: [range[3]] });
});
