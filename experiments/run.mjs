// The command: trains what is selected and not recorded yet. `--help` lists the options.
import { availableParallelism } from "node:os";
import { readOptions } from "../examples/shared/options.mjs";
import { resultsFolder } from "./folders.mjs";
import { bestRates, firstGrid, gridJobs, grown, paperJobs, screeningJobs, selectExperiments, studyJobs } from "./jobs.mjs";
import { runAll, runJob } from "./queue.mjs";
import { optimizers } from "./settings.mjs";
import { experiments } from "./sizes.mjs";
import { studies } from "./studies.mjs";
import { formatTime, Watch } from "./watch.mjs";

const options = readOptions("The paper's experiments: trains what is selected and not recorded yet", {
  task: ["", `of ${Object.keys(experiments).join(", ")}; several with commas`],
  model: ["", "models of these tasks; several with commas"],
  size: ["smoke", "smoke, small or paper"],
  optimizer: ["", `of ${Object.keys(optimizers).join(", ")}; several with commas`],
  seeds: [0, "trainings of each kind, with paired initial weights and batches; 0: 1 for smoke, otherwise 3"],
  table: [
    "",
    `paper: the paper's settings; grid: equal rates for all; ${Object.keys(studies).join(", ")}: studies; none: paper,grid, for smoke paper`,
  ],
  workers: [availableParallelism(), "processes side by side", 1],
  out: ["", "folder of the results"],
  estimate: ["no", "yes: say how long it would take, and end"],
});

/** The parts of an option that is a list, each of which must be known; undefined: all. */
function listOf(name, known) {
  if (options[name] === "") return undefined;
  const parts = options[name].split(",");
  const wrong = parts.find((part) => !known.includes(part));
  if (wrong !== undefined) {
    console.error(`--${name}: there is no ${wrong}; there are ${known.join(", ")}`);
    process.exit(2);
  }
  return parts;
}

const sizes = ["smoke", "small", "paper"];
const [size] = listOf("size", sizes);
const tables = listOf("table", ["paper", "grid", ...Object.keys(studies)]) ?? (size === "smoke" ? ["paper"] : ["paper", "grid"]);
const models = Object.values(experiments).flatMap((found) => Object.keys(found));
const selected = selectExperiments(listOf("task", Object.keys(experiments)), listOf("model", models));
const names = listOf("optimizer", Object.keys(optimizers));
const seeds = Array.from({ length: options.seeds || (size === "smoke" ? 1 : 3) }, (_, k) => k + 1);
const folder = resultsFolder(options.out, size);

/** Downloads the data, and estimates the time of one training, for each experiment. */
async function prepareAll() {
  const times = new Map();
  for (const [task, model] of selected) {
    const { prepare } = await import(`./tasks/${task}.mjs`);
    await prepare({ task, model, size });
    const [job] = paperJobs({ task, model, size, seeds: [1] });
    const { steps, epochs, seconds, processor } = await runJob("estimate", job);
    times.set(`${task} ${model}`, { epochs, seconds });
    const [wall, busy] = [seconds, processor].map(formatTime);
    console.log(
      `${task} ${model}, ${size}: ${steps} steps in ${epochs} epochs, about ${wall} a training (${busy} of a processor)`,
    );
  }
  return times;
}

const times = await prepareAll();
const secondsOf = ({ task, model, epochs }) => {
  const time = times.get(`${task} ${model}`);
  return (time.seconds * (epochs ?? time.epochs)) / time.epochs;
};
const run = (jobs) => runAll(jobs, { folder, workers: options.workers, watch: new Watch(options.workers, secondsOf) });

/** Screens a grid that grows until no optimizer is best at an end of it, then trains each at its best rate. */
async function runGrid(experiment) {
  const first = firstGrid(experiment);
  let [rates, best] = [first, undefined];
  while (rates !== undefined) {
    best = bestRates(await run(screeningJobs(experiment, rates)));
    rates = grown(rates, best, first);
  }
  await run(gridJobs(experiment, best));
}

/** The trainings of a table, as far as they are known: a grid counts before it grows, and with any rates. */
function foresee(table, experiment) {
  if (table === "paper") return paperJobs(experiment);
  if (table === "grid") return [...screeningJobs(experiment, firstGrid(experiment)), ...paperJobs(experiment)];
  return studyJobs(experiment, table);
}

function runTable(table, experiment) {
  if (table === "grid") return runGrid(experiment);
  return run(foresee(table, experiment));
}

const wanted = selected.map(([task, model]) => ({ task, model, size, optimizers: names, seeds }));
if (options.estimate === "yes") {
  const jobs = tables.flatMap((table) => wanted.flatMap((experiment) => foresee(table, experiment)));
  const total = jobs.reduce((sum, job) => sum + secondsOf(job), 0);
  console.log(`All of it, without growth of the grids: ${formatTime(total / options.workers)} on ${options.workers} cores`);
} else {
  // The paper's settings of all experiments come before the grids, which take longer.
  for (const table of tables) for (const experiment of wanted) await runTable(table, experiment);
  console.log(`Results are in ${folder}`);
}
