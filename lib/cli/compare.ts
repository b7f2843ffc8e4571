import { writeFileSync } from "node:fs";
import { list, readOptions, requireSvg, UsageError, whole } from "./arguments";
import {
  check,
  combine,
  make,
  nameOf,
  optimizerNames,
  readOptimizer,
  readSweep,
  settingsOf,
  type Contestant,
} from "./compare/contestants";
import { makePath } from "./compare/path";
import { loadPlot } from "./compare/plot";
import { problems, type Problem } from "./compare/problems";
import { makeReport, resultTable, type Result } from "./compare/report";
import { run } from "./compare/run";
import { compared, defaultSteps } from "./compare/settings";
import { bold, progress } from "./terminal";

const problemNames = problems.map(({ name }) => name);

export const compareHelp = `adabelief compare [options]
  Runs optimizers on the toy problems of the AdaBelief paper, all from the same start.
    --problem rosenbrock  of ${problemNames.join(",")} (default all)
    --optimizer sgd,lr=0.1,nesterov=true
                          with options of its class; betas=0.9:0.999, lookahead=6:0.5 (k:alpha); may be repeated; of
                          ${optimizerNames.join(",")}
                          (default ${compared.join(",")})
    --sweep eps=1e-8,1e-12,1e-16
                          runs every optimizer that has the option with each of these values; may be repeated
    --steps ${defaultSteps}         steps of a run
    --json                everything as JSON
    --svg FILE            the trajectories over contour lines as well; needs the package vega`;

export async function runCompare(args: readonly string[]): Promise<void> {
  const options = readOptions(args, {
    problem: { type: "string", multiple: true, default: [...problemNames] },
    optimizer: { type: "string", multiple: true },
    sweep: { type: "string", multiple: true, default: [] },
    steps: { type: "string", default: String(defaultSteps) },
    json: { type: "boolean", default: false },
    svg: { type: "string" },
  });
  const steps = whole(options.steps, 1, 1e9);
  if (steps === undefined) throw new UsageError(`--steps must be a whole number from 1 on, not ${JSON.stringify(options.steps)}`);
  const chosen = [
    ...new Set(
      list(options.problem.join(","), `a problem (of ${problemNames.join(", ")})`, (text) =>
        problems.find(({ name }) => name === text),
      ),
    ),
  ];
  const optimizers = (options.optimizer ?? compared).map(readOptimizer);
  check(optimizers, chosen);
  const contestants = combine(optimizers, options.sweep.map(readSweep));
  check(contestants, chosen);
  await requireSvg(options.svg);
  const plot = options.svg === undefined ? undefined : await loadPlot();
  const results = runAll(chosen, contestants, steps);
  if (options.json) console.log(JSON.stringify(makeReport(chosen, results, steps), null, 2));
  else printTables(chosen, results, steps);
  // The picture comes last: where it fails, the results are there already.
  if (options.svg !== undefined && plot !== undefined) writeFileSync(options.svg, await plot(chosen, results, steps));
}

function printTables(chosen: readonly Problem[], results: readonly Result[], steps: number): void {
  chosen.forEach((problem, k) => {
    console.log(`${k > 0 ? "\n" : ""}${bold(`${problem.name}: ${problem.formula}`)}`);
    console.log(`From (${problem.start.join(", ")}) in ${steps} steps; the minimum is (${problem.minimum.join(", ")}).\n`);
    console.log(resultTable(results.filter((result) => result.problem === problem)));
  });
}

/** Every contestant on every problem. Progress is shown of what takes longer than a second. */
function runAll(chosen: readonly Problem[], contestants: readonly Contestant[], steps: number): Result[] {
  const bar = progress();
  const quietUntil = performance.now() + 1000;
  const pairs = chosen.flatMap((problem) => contestants.map((one) => ({ problem, one })));
  try {
    return pairs.map(({ problem, one }, k) =>
      runOne(problem, one, steps, (step) => {
        if (step % 4096 !== 0 || performance.now() < quietUntil) return;
        bar.show(`${problem.name}, ${nameOf(one)}`, (k + step / steps) / pairs.length);
      }),
    );
  } finally {
    bar.clear();
  }
}

function runOne(problem: Problem, one: Contestant, steps: number, onStep: (step: number) => void): Result {
  const settings = settingsOf(one, problem);
  const path = makePath(problem, steps);
  const start = (parameter: { data: Float32Array; grad: Float32Array }) => make(one, settings, [parameter]);
  const outcome = run(problem, start, steps, (x, y, step) => {
    path.add(x, y, step);
    onStep(step);
  });
  const { optimizer } = one;
  return { ...outcome, problem, name: nameOf(one), optimizer, settings, path: path.points(), dots: path.dots };
}
