// A job is one training: { task, model, size, table, optimizer, options, seed, split, epochs }. It is plain data, and decides every bit of
// its result.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { grids, paper, withRate } from "./settings.mjs";
import { configOf, experiments, scores } from "./sizes.mjs";
import { studies } from "./studies.mjs";

/** How many times a grid may grow at each end. */
const growths = 3;

const slug = (text) => text.replaceAll("²", "2").replace(/[^\w.-]+/g, "_");

/** A name for each job. That of a cell of a study has its row and column. */
export function nameOf({ task, model, size, table, row, column, optimizer, options, seed }) {
  const which = row === undefined ? [optimizer, options.lr.toExponential()] : [slug(row), slug(column)];
  return [size, `${task}-${model}`, [table, ...which, `seed${seed}`].join("-")].join("/");
}

export const resultPath = (folder, job) => join(folder, `${nameOf(job)}.json`);

/** The recorded result of a job, or undefined. A result of other options under the same name is an error. */
export function readResult(folder, job) {
  const path = resultPath(folder, job);
  if (!existsSync(path)) return undefined;
  const result = JSON.parse(readFileSync(path, "utf8"));
  if (!isDeepStrictEqual(result.job, JSON.parse(JSON.stringify(job))))
    throw new Error(`${path} has the result of other options: delete it, or restore the options that it was recorded with`);
  return result;
}

/** Pairs [task, model] of a selection. */
export function selectExperiments(tasks, models) {
  const pairs = Object.entries(experiments).flatMap(([task, found]) => Object.keys(found).map((model) => [task, model]));
  return pairs.filter(([task, model]) => (tasks ?? [task]).includes(task) && (models ?? [model]).includes(model));
}

function settingsFor(task, model, optimizers) {
  const all = Object.entries(paper[experiments[task][model].settings]);
  return all.filter(([name]) => (optimizers ?? [name]).includes(name));
}

/** Trainings with the paper's own settings. */
export function paperJobs({ task, model, size, optimizers, seeds }) {
  const jobs = settingsFor(task, model, optimizers).map(([optimizer, options]) => ({ optimizer, options }));
  return seeds.flatMap((seed) => jobs.map((job) => ({ task, model, size, table: "paper", ...job, seed, split: "test" })));
}

/** What makes a training a short one, evaluated on validation data. */
const screened = (experiment) => ({ seed: 1, split: "validation", epochs: Math.ceil(configOf(experiment).epochs / 3) });

/** Short trainings at every rate of a grid. */
export function screeningJobs({ task, model, size, optimizers }, rates) {
  const common = { task, model, size, table: "screening", ...screened({ task, model, size }) };
  return settingsFor(task, model, optimizers).flatMap(([optimizer, options]) =>
    rates.map((lr) => ({ ...common, optimizer, options: withRate(options, lr) })),
  );
}

/** A score to be minimized; a diverged training is the worst. */
export function lossOf({ job, diverged, final }) {
  const { key, better } = scores[job.task];
  if (diverged || !Number.isFinite(final[key])) return Infinity;
  return better === "higher" ? -final[key] : final[key];
}

/** The rate with the best result for each optimizer: Map of name → { lr, options }. */
export function bestRates(results) {
  const best = new Map();
  for (const result of results) {
    const { optimizer } = result.job;
    if (!best.has(optimizer) || lossOf(result) < lossOf(best.get(optimizer))) best.set(optimizer, result);
  }
  return new Map([...best].map(([name, { job }]) => [name, { lr: job.options.lr, options: job.options }]));
}

export const firstGrid = ({ task, model }) => grids[experiments[task][model].settings];

/** The grid, longer at an end where some optimizer has its best rate; undefined where none has. */
export function grown(rates, best, first) {
  const found = [...best.values()].map(({ lr }) => lr);
  const ratio = first[1] / first[0];
  const round = (rate) => Number(rate.toPrecision(3));
  const lower = found.includes(rates[0]) && rates[0] > first[0] / ratio ** (growths - 0.5) ? [round(rates[0] / ratio)] : [];
  const upper =
    found.includes(rates.at(-1)) && rates.at(-1) < first.at(-1) * ratio ** (growths - 0.5) ? [round(rates.at(-1) * ratio)] : [];
  return lower.length + upper.length === 0 ? undefined : [...lower, ...rates, ...upper];
}

/** Full trainings, each optimizer at its best rate of the grid. */
export function gridJobs({ task, model, size, seeds }, best) {
  const jobs = [...best].map(([optimizer, { options }]) => ({ optimizer, options }));
  return seeds.flatMap((seed) => jobs.map((job) => ({ task, model, size, table: "grid", ...job, seed, split: "test" })));
}

/** The trainings of a study; none where it has nothing to do with the experiment. */
export function studyJobs({ task, model, size, optimizers, seeds }, name) {
  const study = studies[name];
  if (!study.models.includes(model)) return [];
  const cells = study
    .cells(paper[experiments[task][model].settings])
    .filter(({ optimizer }) => (optimizers ?? [optimizer]).includes(optimizer));
  const repeats = study.screening ? [screened({ task, model, size })] : seeds.map((seed) => ({ seed, split: "test" }));
  return repeats.flatMap((repeat) => cells.map((cell) => ({ task, model, size, table: name, ...cell, ...repeat })));
}
