import assert from "node:assert/strict";
import { test } from "node:test";
import { parameter } from "adabelief";
import { bestRates, grown, lossOf, nameOf, paperJobs, screeningJobs, selectExperiments } from "../jobs.mjs";
import { makeOptimizer, optimizers, paper } from "../settings.mjs";
import { rateFactor } from "../train.mjs";

const experiment = { task: "image", model: "resnet", size: "small", optimizers: ["SGD", "Adam"], seeds: [1, 2] };
const screened = (optimizer, lr, accuracy, diverged = false) => ({
  job: { task: "image", optimizer, options: { lr } },
  diverged,
  final: { accuracy },
});

test("names of jobs differ", () => {
  const jobs = [...paperJobs(experiment), ...screeningJobs(experiment, [1e-3, 1e-2, 1e-1, 1])];
  assert.equal(jobs.length, 4 + 8);
  assert.equal(new Set(jobs.map(nameOf)).size, jobs.length);
});

test("every optimizer takes its settings of every task", () => {
  for (const [task, settings] of Object.entries(paper)) {
    assert.deepEqual(Object.keys(settings), Object.keys(optimizers), task);
    for (const [name, options] of Object.entries(settings))
      makeOptimizer(name, [parameter(new Float32Array(4), { shape: [2, 2] })], options).dispose();
  }
});

test("a third of the epochs, on validation data, for screening", () => {
  const [job] = screeningJobs(experiment, [1e-3]);
  assert.equal(job.split, "validation");
  assert.equal(job.epochs, 5);
});

test("best rate of each optimizer", () => {
  const results = [
    screened("SGD", 0.1, 0.5),
    screened("SGD", 1, 0.6),
    screened("Adam", 0.1, 0.4),
    screened("Adam", 1, 0.9, true),
  ];
  assert.deepEqual([...bestRates(results)].map(([name, { lr }]) => [name, lr]), [["SGD", 1], ["Adam", 0.1]]); // prettier-ignore
  assert.equal(lossOf(results[3]), Infinity);
});

test("growth of a grid at the ends where a best rate lies", () => {
  const first = [1e-3, 1e-2, 1e-1, 1];
  const best = (...rates) => new Map(rates.map((lr, k) => [k, { lr }]));
  assert.equal(grown(first, best(1e-2, 1e-1), first), undefined);
  assert.deepEqual(grown(first, best(1e-3, 1e-1), first), [1e-4, ...first]);
  assert.deepEqual(grown(first, best(1e-3, 1), first), [1e-4, ...first, 10]);
  let rates = first;
  for (let next = rates; next !== undefined; next = grown(rates, best(rates[0]), first)) rates = next;
  assert.deepEqual(rates, [1e-6, 1e-5, 1e-4, ...first], "a grid grows three times at most");
});

test("selection of experiments", () => {
  assert.deepEqual(selectExperiments(["language"], ["lstm1", "lstm3"]), [["language", "lstm1"], ["language", "lstm3"]]); // prettier-ignore
  assert.ok(selectExperiments().length >= 10);
});

test("learning-rate schedules", () => {
  const factors = (schedule) => Array.from({ length: 8 }, (_, k) => rateFactor(schedule, k, 8));
  assert.deepEqual(factors({ milestones: [0.5, 0.75] }).map((x) => Number(x.toPrecision(3))), [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]); // prettier-ignore
  assert.deepEqual(factors({ warmup: 0.25 }).map((x) => Number(x.toPrecision(3))), [0.5, 1, 0.816, 0.707, 0.632, 0.577, 0.535, 0.5]); // prettier-ignore
  assert.deepEqual(factors({}), Array(8).fill(1));
});
