// Tables of recorded results, as Markdown: ours beside the published figures, and differences to AdaBelief over paired seeds.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readOptions } from "../examples/shared/options.mjs";
import { resultsFolder } from "./folders.mjs";
import { lossOf } from "./jobs.mjs";
import { published } from "./published.mjs";
import { optimizers, paper } from "./settings.mjs";
import { experiments, scores } from "./sizes.mjs";
import { differenceOf, meanOf, spreadOf } from "./statistics.mjs";
import { studies } from "./studies.mjs";

/** All results of an experiment in a folder. */
export function readResults(folder, { size, task, model }) {
  const path = join(folder, size, `${task}-${model}`);
  const names = readdirSync(path).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => JSON.parse(readFileSync(join(path, name), "utf8")));
}

/** The results of one table by optimizer, in the order of the settings, each sorted by seed. */
export function resultsByOptimizer(results, table) {
  const names = Object.keys(optimizers).map((name) => [
    name,
    results.filter(({ job }) => job.table === table && job.optimizer === name).sort((a, b) => a.job.seed - b.job.seed),
  ]);
  return names.filter(([, found]) => found.length > 0);
}

/** What a score looks like in a table: shares as percentages. */
const format = (task, value) => (["image", "pronounce"].includes(task) ? (100 * value).toFixed(2) : value.toPrecision(4));

/** NaN where a training diverged, or ended with no finite score. */
const scoreOf = (result) => (Number.isFinite(lossOf(result)) ? result.final[scores[result.job.task].key] : Number.NaN);

function describeMean(task, values) {
  if (values.some(Number.isNaN)) return `diverged in ${values.filter(Number.isNaN).length} of ${values.length}`;
  return values.length === 1 ? format(task, values[0]) : `${format(task, meanOf(values))} ± ${format(task, spreadOf(values))}`;
}

/** The paired difference to AdaBelief with its 95 % interval, and what it says. */
function describeDifference(task, results, reference) {
  const pairs = results.flatMap((result) => {
    const other = reference.find(({ job }) => job.seed === result.job.seed);
    return other === undefined ? [] : [[scoreOf(result), scoreOf(other)]];
  });
  if (pairs.length < 2 || pairs.flat().some(Number.isNaN)) return "-";
  const { mean, low, high } = differenceOf(pairs);
  const text = `${format(task, mean)} (${format(task, low)} to ${format(task, high)})`;
  return low <= 0 && high >= 0 ? `${text}, no difference seen` : text;
}

/** One table of an experiment as lines of Markdown. */
export function makeTable(results, { task, model, table }) {
  const groups = resultsByOptimizer(results, table);
  const reference = groups.find(([name]) => name === "AdaBelief")?.[1] ?? [];
  const figures = published[task]?.[model] ?? {};
  const lines = groups.map(([name, found]) => {
    const values = found.map(scoreOf);
    const difference = name === "AdaBelief" ? "" : describeDifference(task, found, reference);
    const rate = found[0].job.options.lr;
    return [name, String(rate), String(found.length), describeMean(task, values), difference, figures[name] ?? "-"];
  });
  const { title, better } = scores[task];
  const header = [
    "optimizer",
    "rate",
    "seeds",
    `${title}, final epoch (${better} is better)`,
    "difference to AdaBelief",
    "published",
  ];
  const rule = header.map((_, k) => (k === 0 ? "---" : "---:"));
  return [header, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`);
}

/** The score of every rate that was screened, the best of each optimizer in bold. */
export function makeScreening(results, { task }) {
  const groups = resultsByOptimizer(results, "screening");
  const rates = [...new Set(groups.flatMap(([, found]) => found.map(({ job }) => job.options.lr)))].sort((a, b) => a - b);
  const lines = groups.map(([name, found]) => {
    const best = Math.min(...found.map(lossOf));
    const cells = rates.map((rate) => {
      const result = found.find(({ job }) => job.options.lr === rate);
      if (result === undefined) return "-";
      const text = lossOf(result) === Infinity ? "diverged" : format(task, scoreOf(result));
      return lossOf(result) === best && best < Infinity ? `**${text}**` : text;
    });
    return [name, ...cells];
  });
  return [["optimizer", ...rates], ["---", ...rates.map(() => "---:")], ...lines].map((cells) => `| ${cells.join(" | ")} |`);
}

const unique = (list) => [...new Set(list)];

/** The mean score in each cell of a study, in the study's order. */
export function makeStudy(results, { task, model, table }) {
  const cells = studies[table].cells(paper[experiments[task][model].settings]);
  const found = results.filter(({ job }) => job.table === table);
  const columns = unique(cells.map(({ column }) => column));
  const lines = unique(cells.map(({ row }) => row)).map((row) => [
    row,
    ...columns.map((column) => {
      const values = found.filter(({ job }) => job.row === row && job.column === column).map(scoreOf);
      return values.length === 0 ? "-" : describeMean(task, values);
    }),
  ]);
  const header = [scores[task].title, ...columns];
  return [header, header.map((_, k) => (k === 0 ? "---" : "---:")), ...lines].map((line) => `| ${line.join(" | ")} |`);
}

/** The share of the training time that the optimizer's steps take, from the least to the greatest, in percent. */
export function describeShare(results) {
  const shares = results.map(({ stepSeconds, seconds }) => (100 * stepSeconds) / seconds);
  return `Optimizer steps: ${Math.min(...shares).toFixed(2)} to ${Math.max(...shares).toFixed(2)} % of the time`;
}

if (import.meta.filename === process.argv[1]) {
  const { size, task, model, from } = readOptions("Tables of recorded results", {
    task: ["image", "task of the results"],
    model: ["resnet", "model of the results"],
    size: ["small", "smoke, small or paper"],
    from: ["", "folder of the results"],
  });
  const folder = resultsFolder(from, size);
  const results = readResults(folder, { size, task, model });
  const parts = [
    ["The paper's settings", makeTable(results, { task, model, table: "paper" })],
    ["The same grid of rates for all", makeTable(results, { task, model, table: "grid" })],
    ["Screening on validation data, one seed, a third of the length", makeScreening(results, { task })],
  ];
  for (const [table, { title }] of Object.entries(studies))
    if (results.some(({ job }) => job.table === table)) parts.push([title, makeStudy(results, { task, model, table })]);
  for (const [title, lines] of parts) if (lines.length > 2) console.log(`${title}\n\n${lines.join("\n")}\n`);
  console.log(describeShare(results));
}
