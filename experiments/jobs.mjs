// A job is one training: { task, model, size, table, optimizer, options, seed, split, epochs }. It is plain data, and decides every bit of
// its result.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { grids, paper, withRate } from "./settings.mjs";
import { configOf, experiments, scores } from "./sizes.mjs";

/** How many times a grid may grow at each end. */
const growths = 3;

export const nameOf = ({ task, model, size, table, optimizer, options, seed }) =>
  [size, `${task}-${model}`, [table, optimizer, options.lr.toExponential(), `seed${seed}`].join("-")].join("/");

export const resultPath = (folder, job) => join(folder, `${nameOf(job)}.json`);

/** The recorded result of a job, or undefined. */
export function readResult(folder, job) {
  const path = resultPath(folder, job);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
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

/** Short trainings at every rate of a grid, evaluated on validation data. */
export function screeningJobs({ task, model, size, optimizers }, rates) {
  const epochs = Math.ceil(configOf({ task, model, size }).epochs / 3);
  const common = { task, model, size, table: "screening", seed: 1, split: "validation", epochs };
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
