import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { info, SGD } from "../lib";
import { make, readOptimizer, settingsOf } from "../lib/cli/compare/contestants";
import { makePath } from "../lib/cli/compare/path";
import { problems, type Problem } from "../lib/cli/compare/problems";
import { run, type Outcome } from "../lib/cli/compare/run";
import { compared, defaultSteps, grid } from "../lib/cli/compare/settings";
import { onEveryBackend } from "./helpers/backends";

function compare(args: string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(__dirname, "../dist/lib/cli/main.js");
  const options = { encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 1e8 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "compare", ...args], options);
  return { status, stdout, stderr };
}

interface Report {
  schema: number;
  problems: { name: string; start: number[]; minimum: number[] }[];
  results: {
    problem: string;
    optimizer: string;
    options: Record<string, unknown>;
    final: number[];
    value: number;
    distance: number;
    steps_to_within_tolerance: number | null;
    diverged_at_step: number | null;
  }[];
}

function report(...args: string[]): Report {
  const { status, stdout, stderr } = compare([...args, "--json"]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

const named = (name: string) => problems.find((problem) => problem.name === name) as Problem;

describe.each(problems.map((problem) => [problem.name, problem] as const))("%s", (name, problem) => {
  const { value, gradient, minimum, start, window } = problem;
  // Between the multiples of 0.05 lies no kink, and h does not reach one.
  const points = Array.from(
    { length: 400 },
    (_, k) => [-2 + 0.2 * (k % 20) + 0.0314, -2 + 0.2 * Math.floor(k / 20) + 0.0817] as const,
  );

  it("has the gradient that central differences find", () => {
    const h = 1e-6;
    for (const [x, y] of points) {
      const differences = [(value(x + h, y) - value(x - h, y)) / (2 * h), (value(x, y + h) - value(x, y - h)) / (2 * h)];
      gradient(x, y).forEach((slope, k) => {
        const error = Math.abs(slope - (differences[k] as number)) / (1 + Math.abs(slope));
        expect({ x, y, k, error, wrong: !(error < 1e-6) }).toMatchObject({ x, y, k, wrong: false });
      });
    }
  });

  it("has its minimum where it says, with value and gradient 0, and lower than everything around", () => {
    expect([value(...minimum), ...gradient(...minimum).map(Math.abs)]).toEqual([0, 0, 0]);
    for (const [x, y] of points) expect(value(x, y)).toBeGreaterThan(0);
  });

  it("shows start and minimum in its window, and contour lines between", () => {
    for (const [x, y] of [start, minimum]) {
      expect(x > window.x[0] && x < window.x[1] && y > window.y[0] && y < window.y[1]).toBe(true);
    }
    expect(problem.contours.levels[0]).toBeLessThan(value(...start));
  });

  it("has settings that the grid chooses by the one rule, for every optimizer", () => {
    const choose = (optimizer: string): number => {
      const tried = grid.map((lr) => ({ lr, ...runOf(problem, `${optimizer},lr=${lr}`, defaultSteps) }));
      const rank = ({ diverged, settled, distance, lr }: Outcome & { lr: number }) =>
        [diverged === null ? 0 : 1, settled ?? Infinity, distance, lr] as const;
      const before = (a: readonly number[], b: readonly number[]): number => {
        const k = a.findIndex((one, i) => one !== b[i]);
        return k < 0 ? 0 : (a[k] as number) < (b[k] as number) ? -1 : 1;
      };
      return tried.sort((a, b) => before(rank(a), rank(b)))[0]?.lr as number;
    };
    const chosen = compared.map((optimizer) => [optimizer, choose(optimizer)]);
    const written = compared.map((optimizer) => [optimizer, settingsOf(readOptimizer(optimizer), problem)["lr"]]);
    expect({ name, settings: written }).toEqual({ name, settings: chosen });
  }, 120_000);
});

function runOf(problem: Problem, text: string, steps: number): Outcome {
  const one = readOptimizer(text);
  return run(problem, (parameter) => make(one, settingsOf(one, problem), [parameter]), steps);
}

describe("a run", () => {
  it("is that of the class, with gradients of the float32 values, rounded to float32", () => {
    const problem = named("rosenbrock");
    const parameter = { data: Float32Array.from(problem.start), grad: new Float32Array(2) };
    const optimizer = new SGD([parameter], { lr: 1e-3, momentum: 0.5 });
    for (let step = 0; step < 50; ++step) {
      const [x, y] = parameter.data as unknown as [number, number];
      parameter.grad.set([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)]);
      optimizer.step();
    }
    expect(runOf(problem, "sgd,lr=1e-3,momentum=0.5", 50).final).toEqual([...parameter.data]);
  });

  it("settles at the step from which on it stays near the minimum, not at one that passes by", () => {
    // It jumps from place to place, of which the second and the last two are near.
    const places = [0.5, 1e-4, 0.3, 5e-4, -5e-4];
    const jumping = ({ data }: { data: Float32Array }) => ({
      step: () => data.set([places.shift() as number, 0]),
      dispose: () => undefined,
    });
    expect(run(named("l1"), jumping, 5)).toMatchObject({ settled: 4, diverged: null });
  });

  it("ends where it diverges, with the last finite values", () => {
    const places = [0.5, 2, Number.NaN, 0];
    const jumping = ({ data }: { data: Float32Array }) => ({
      step: () => data.set([places.shift() as number, 0]),
      dispose: () => undefined,
    });
    expect(run(named("l1"), jumping, 4)).toEqual({ final: [2, 0], value: 2, distance: 2, settled: null, diverged: 3 });
    expect(places).toEqual([0]);
  });

  it("leaves a path of what can be seen, its end in any case, and dots at three steps", () => {
    const path = makePath(named("l1"), 1000); // 1.6 wide: 0.0032 can be seen
    for (let step = 0; step <= 1000; ++step) path.add(step * 1e-5, 0, step);
    path.add(1e30, 0, 1001);
    path.add(2e30, 1e-6, 1002); // hardly elsewhere, but its end
    expect(path.points().length).toBeGreaterThan(3);
    expect(path.points().length).toBeLessThan(7);
    expect(path.points().slice(-2)).toEqual([
      [2, 0], // a window away
      [2, 1e-6],
    ]);
    expect(path.dots.map(({ step }) => step)).toEqual([10, 100, 1000]);
  });
});

describe("adabelief compare --json", () => {
  const fixed = ["--problem", "rosenbrock,beale", "--steps", "300", "--json"];
  const reference = compare(fixed, { ADABELIEF_BACKEND: "scalar" });

  onEveryBackend("prints the same text", (backend) => {
    expect(compare(fixed, { ADABELIEF_BACKEND: backend })).toEqual(reference);
  });

  it("has all ten on every problem from the same start, and nothing of the machine", () => {
    const { results, ...rest } = JSON.parse(reference.stdout) as Report;
    expect(results.map(({ problem, optimizer }) => `${problem} ${optimizer.toLowerCase()}`)).toEqual(
      ["rosenbrock", "beale"].flatMap((problem) => compared.map((name) => `${problem} ${name}`)),
    );
    expect(compared).toHaveLength(10);
    expect(rest).toMatchObject({
      schema: 1,
      version: info().version,
      steps: 300,
      tolerance: 1e-3,
      problems: [{ name: "rosenbrock", start: [-1.2, 1], minimum: [1, 1] }, { name: "beale" }],
    });
  });

  it("says what a class does with the options that it prints", () => {
    const { results } = report("--problem", "beale", "--optimizer", "sgd", "--steps", "2000");
    const [{ options, value, distance, final, steps_to_within_tolerance, diverged_at_step }] = results as [Report["results"][0]];
    expect(options).toEqual({ lr: 0.01, momentum: 0.9 });
    const beale = named("beale");
    expect(value).toBe(beale.value(final[0] as number, final[1] as number));
    expect(distance).toBeCloseTo(Math.hypot((final[0] as number) - 3, (final[1] as number) - 0.5), 12);
    expect([steps_to_within_tolerance, diverged_at_step]).toEqual([runOf(beale, "sgd", 2000).settled, null]);
    expect(steps_to_within_tolerance).toBeGreaterThan(0);
  });
});

describe("--optimizer and --sweep", () => {
  const optionsOf = (...args: string[]) =>
    report("--problem", "l1", "--steps", "3", ...args).results.map(({ optimizer, options }) => ({ optimizer, ...options }));

  it("multiply, in order", () => {
    expect(
      optionsOf(
        "--optimizer",
        "adabelief",
        "--optimizer",
        "adam,lr=0.5",
        "--sweep",
        "eps=1e-8,1e-12",
        "--sweep",
        "amsgrad=false,true",
      ),
    ).toEqual(
      [
        ["AdaBelief", 1e-3],
        ["Adam", 0.5],
      ].flatMap(([optimizer, lr]) =>
        [1e-8, 1e-12].flatMap((eps) => [false, true].map((amsgrad) => ({ optimizer, lr, eps, amsgrad }))),
      ),
    );
  });

  it("leaves an optimizer alone that lacks what is swept", () => {
    expect(optionsOf("--optimizer", "adabelief", "--optimizer", "sgd,lr=0.1", "--sweep", "eps=1e-8,1e-12,1e-16")).toEqual([
      ...[1e-8, 1e-12, 1e-16].map((eps) => ({ optimizer: "AdaBelief", lr: 1e-3, eps })),
      { optimizer: "SGD", lr: 0.1, momentum: 0.9 },
    ]);
    const swept = optionsOf("--sweep", "eps=1e-8,1e-4").map(({ optimizer }) => optimizer);
    expect(swept).toHaveLength(2 * compared.length - 3);
    for (const name of ["SGD", "MSVAG", "Fromage"]) expect(swept.filter((one) => one === name)).toHaveLength(1);
  });

  it("read pairs, words and Lookahead", () => {
    expect(
      optionsOf("--optimizer", "AdaBelief,version=0.2.1,betas=0.3:0.4", "--optimizer", "yogi,lookahead=2:0.25,lr=1"),
    ).toEqual([
      { optimizer: "AdaBelief", lr: 1e-3, version: "0.2.1", betas: [0.3, 0.4] },
      { optimizer: "Yogi", lr: 1, lookahead: [2, 0.25] },
    ]);
  });

  it("change what runs, Lookahead too", () => {
    const last = (...args: string[]) =>
      report("--problem", "rosenbrock", "--steps", "20", ...args).results.map(({ final }) => final.join());
    const finals = last(
      "--optimizer",
      "adam",
      "--optimizer",
      "adam,lookahead=5",
      "--optimizer",
      "adam,betas=0.5:0.9",
      "--optimizer",
      "adam,lr=1",
    );
    expect(new Set(finals).size).toBe(4);
  });

  it("lets AdaBound's final_lr follow its lr, unless it is given", () => {
    expect(optionsOf("--optimizer", "adabound,lr=0.5", "--optimizer", "adabound,final_lr=7")).toEqual([
      { optimizer: "AdaBound", lr: 0.5, final_lr: 50 },
      { optimizer: "AdaBound", lr: 1e-4, final_lr: 7 },
    ]);
  });
});

describe("the table", () => {
  it("has a line for each run, and no control characters in a pipe", () => {
    const { status, stdout, stderr } = compare([
      "--problem",
      "beale",
      "--optimizer",
      "sgd,lr=0.01",
      "--optimizer",
      "sgd,lr=10",
      "--steps",
      "1000",
    ]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^beale: .*xy³/m);
    expect(stdout).toMatch(/^From \(1, 1\) in 1000 steps; the minimum is \(3, 0.5\)\.$/m);
    expect(stdout).toMatch(/^optimizer +options +final value +distance to minimum +steps to within 0\.001$/m);
    expect(stdout).toMatch(/^SGD +lr=0\.01 momentum=0\.9 +\d\.\d\de-\d+ +\d\.\d\de-\d+ +\d+$/m);
    expect(stdout).toMatch(/^SGD +lr=10 momentum=0\.9 +diverged at step \d+ +- +-$/m);
    // eslint-disable-next-line no-control-regex -- that is the question
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it("has every problem without --problem", () => {
    const { stdout } = compare(["--optimizer", "adam", "--steps", "1"]);
    expect(stdout.match(/^[\w-]+(?=: )/gm)).toEqual(problems.map(({ name }) => name));
  });
});

/** Throws where tags do not close in the order in which they opened, or text has characters that XML forbids. */
function requireWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replaceAll(
    /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, end: string, tag: string, __, empty: string) => {
      if (end === "") open.push(tag);
      if ((end !== "" || empty !== "") && open.pop() !== tag) throw new Error(`</${tag}> closes nothing`);
      return "";
    },
  );
  if (open.length > 0) throw new Error(`<${open.join("><")}> never end`);
  if (/[<>]|&(?!(amp|lt|gt|quot|#\d+);)/.test(rest)) throw new Error(`stray characters: ${rest.slice(0, 200)}`);
}

const dataUrl = (module: string): string => `data:text/javascript,${encodeURIComponent(module)}`;

describe("--svg", () => {
  it("draws a path for every optimizer on every problem, with start, minimum and a legend", () => {
    const folder = mkdtempSync(join(tmpdir(), "adabelief-compare-"));
    const file = join(folder, "plot.svg");
    const { status, stderr } = compare(["--problem", "rosenbrock,l1", "--steps", "100", "--svg", file]);
    expect([status, stderr]).toEqual([0, ""]);
    const svg = readFileSync(file, "utf8");
    rmSync(folder, { recursive: true });
    requireWellFormed(svg);
    const paths = [...svg.matchAll(/<path aria-label="trajectory of ([\w ]+) on ([\w-]+)"[^>]* d="M[^"]+L[^"]+"/g)];
    expect(paths.map(([, optimizer, problem]) => `${problem} ${optimizer?.toLowerCase()}`)).toEqual(
      ["rosenbrock", "l1"].flatMap((problem) => compared.map((name) => `${problem} ${name}`)),
    );
    for (const text of [
      ">start<",
      ">minimum<",
      ">(1 − x)² + 100(y − x²)²<",
      "Dots: after 1, 10, and 100 steps<",
      ">RangerAdaBelief<",
    ]) {
      expect(svg).toContain(text);
    }
  });

  it("says what to install where there is no vega, before anything runs", () => {
    const hooks =
      'export const resolve = (id, context, next) => { if (id === "vega") throw new Error(id); return next(id, context); };';
    const script = `import { register } from "node:module"; register(${JSON.stringify(dataUrl(hooks))});`;
    const { status, stdout, stderr } = compare(["--steps", "1", "--svg", "never.svg"], {
      NODE_OPTIONS: `--import=${dataUrl(script)}`,
    });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/--svg needs the package vega: npm install vega/);
  });
});

describe("bad usage is one clear line and exit code 2", () => {
  it.each([
    [["--problem", "sphere"], /a problem \(of l1, .*rosenbrock\) cannot be "sphere"/],
    [["--optimizer", "tiger"], /there is no optimizer "tiger": adabelief, .*yogi/],
    [["--optimizer", "lookahead"], /there is no optimizer "lookahead"/],
    [["--optimizer", "sgd,eps=1"], /SGD has no option "eps": it has lr, momentum/],
    [["--optimizer", "sgd,learningRate=1"], /did you mean "lr"\?/],
    [["--optimizer", "sgd,lr"], /--optimizer sgd: "lr" should be an option and its value, as in lr=0\.1/],
    [["--optimizer", "sgd,lr="], /--optimizer sgd: "lr=" should be an option and its value/],
    [["--optimizer", "sgd,lr=1,lr=2"], /--optimizer sgd: lr is given twice/],
    [["--optimizer", "sgd,lr=fast"], /SGD lr=fast: lr must be a number, got "fast"/],
    [["--optimizer", "sgd,lr=-1"], /Invalid learning rate: -1/],
    [["--optimizer", "adam,lookahead=5:0.5:7"], /lookahead takes k and alpha, got 1 more/],
    [["--optimizer", "adam,betas=0.9"], /betas must be an array of two numbers, got 0\.9/],
    [["--optimizer", "adam,lookahead=0"], /k must be a whole number from 1, got 0/],
    [["--optimizer", "rangeradabelief,lookahead=5"], /has Lookahead already/],
    [["--optimizer", "adam", "--optimizer", "Adam"], /Adam would run twice: leave one out/],
    [["--optimizer", "sgd", "--optimizer", "fromage", "--sweep", "eps=1e-8"], /--sweep eps: no option of SGD, Fromage/],
    [["--optimizer", "adam,wings=2", "--sweep", "lr=1"], /Adam wings=2: Adam has no option "wings"/],
    [["--sweep", "eps=-1"], /AdaBelief eps=-1: Invalid epsilon value: -1/],
    [["--optimizer", "sgd,lr=1", "--sweep", "lr=1,2"], /--sweep lr: SGD lr=1 has its lr already; leave one of the two out/],
    [["--sweep", "lr"], /--sweep: "lr" should be an option and its value/],
    [["--sweep", "lr=1,,2"], /--sweep lr: a value is missing in "1,,2"/],
    [["--steps", "1.5"], /--steps must be a whole number from 1 on, not "1.5"/],
    [["--svg", "no/such/folder/plot.svg"], /--svg cannot be written: .*no such file or directory.*no\/such\/folder/],
    [["--yaml"], /Unknown option '--yaml'/],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = compare(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
