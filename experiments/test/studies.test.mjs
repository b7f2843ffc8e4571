// Studies as data, and what sets their trainings apart: names, clipping, schedules.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parameter, SGD } from "adabelief";
import { nameOf, paperJobs, readResult, resultPath, selectExperiments, studyJobs } from "../jobs.mjs";
import { makeOptimizer } from "../settings.mjs";
import { configOf } from "../sizes.mjs";
import { studies } from "../studies.mjs";
import { makeStudy } from "../table.mjs";
import { stepClipped } from "../tasks/clip.mjs";
import { train } from "../train.mjs";

const pairs = selectExperiments();
const jobsOf = (name, size = "small", rest = {}) =>
  pairs.flatMap(([task, model]) => studyJobs({ task, model, size, seeds: [1, 2, 3], ...rest }, name));

for (const [name, { models, screening }] of Object.entries(studies))
  test(`trainings of the study ${name}`, () => {
    const jobs = jobsOf(name);
    assert.deepEqual([...new Set(jobs.map(({ model }) => model))].sort(), [...models].sort());
    assert.equal(new Set(jobs.map(nameOf)).size, jobs.length, "names differ");
    assert.equal(new Set(jobs.map(({ seed }) => seed)).size, screening ? 1 : 3);
    for (const job of jobs) {
      assert.equal(job.split, screening ? "validation" : "test");
      assert.deepEqual(JSON.parse(JSON.stringify(job)), job, "a job is plain data");
      makeOptimizer(job.optimizer, [parameter(new Float32Array(4), { shape: [2, 2] })], job.options).dispose();
    }
  });

test("studies of selected optimizers", () => {
  const jobs = jobsOf("eps", "small", { optimizers: ["EAdam"] });
  assert.deepEqual(new Set(jobs.map(({ optimizer }) => optimizer)), new Set(["EAdam"]));
  assert.equal(jobs.length, 2 * 4 * 3);
});

test("a job's own schedule and clipping in its configuration", () => {
  const experiment = { task: "language", model: "lstm1", size: "small" };
  assert.deepEqual(configOf(experiment).clip, { norm: 0.25 });
  assert.deepEqual(configOf({ ...experiment, clip: { value: 1 } }).clip, { value: 1 });
  assert.deepEqual(configOf({ task: "image", model: "resnet", size: "small" }).clip, {});
  const [job] = jobsOf("schedule");
  assert.deepEqual(configOf(job).schedule, { milestones: [1 / 3, 2 / 3] });
});

test("gradients clipped by norm, by value, and not at all", () => {
  const stepOf = (clip) => {
    const weight = parameter(new Float32Array(2));
    weight.grad = Float32Array.of(3, -4);
    stepClipped(new SGD([weight], { lr: 1 }), [weight], clip);
    return [...weight.data].map((value) => Number(value.toPrecision(4)));
  };
  assert.deepEqual(stepOf({}), [-3, 4]);
  assert.deepEqual(stepOf({ norm: 1 }), [-0.6, 0.8]);
  assert.deepEqual(stepOf({ value: 1 }), [-1, 1]);
});

test("clipping and schedules change the bits of a training", async () => {
  const [job] = paperJobs({ task: "language", model: "lstm1", size: "smoke", optimizers: ["AdaBelief"], seeds: [1] });
  const checksum = async (rest) => (await train({ ...job, ...rest })).checksum;
  const plain = await checksum({});
  assert.equal(await checksum({ clip: { norm: 0.25 } }), plain, "the task's own clipping");
  assert.notEqual(await checksum({ clip: { value: 1e-3 } }), plain);
  assert.notEqual(await checksum({ schedule: { milestones: [0.25] } }), plain);
});

test("a result of other options is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-result-"));
  try {
    const [job] = jobsOf("rectify");
    assert.equal(readResult(folder, job), undefined);
    mkdirSync(dirname(resultPath(folder, job)), { recursive: true });
    writeFileSync(resultPath(folder, job), JSON.stringify({ job, checksum: "1" }));
    assert.equal(readResult(folder, job).checksum, "1");
    assert.throws(() => readResult(folder, { ...job, options: { ...job.options, eps: 1 } }), /has the result of other options/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a table of a study", () => {
  const jobs = studyJobs({ task: "image", model: "resnet", size: "small", seeds: [1, 2] }, "rectify");
  const results = jobs.map((job) => ({ job, final: { accuracy: job.column === "on" ? 0.6 : 0.5 + job.seed / 100 } }));
  assert.deepEqual(makeStudy(results, { task: "image", model: "resnet", table: "rectify" }), [
    "| test accuracy | on | off |",
    "| --- | ---: | ---: |",
    "| AdaBelief | 60.00 ± 0.00 | 51.50 ± 0.71 |",
  ]);
});
