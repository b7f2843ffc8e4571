// Which TensorFlow.js `adabelief/tfjs` takes: the program's own copy, in every layout of node_modules; and what it says where there is none.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./helpers/folder";

const root = join(__dirname, "..");
const path = temporaryFolder();
const installed = (name: string) => join(root, "node_modules", name);
const core = "@tensorflow/tfjs-core";
const whole = "@tensorflow/tfjs";

function copy(from: string, to: string, parts: readonly string[]): void {
  for (const part of parts) cpSync(join(from, part), join(to, part), { recursive: true });
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to);
}

/** This package, as an installation has it. */
function placeOurs(modules: string): void {
  copy(root, join(modules, "adabelief"), ["package.json", "dist/lib", "build/Release/adabelief.node"]);
  link(installed("node-gyp-build"), join(modules, "node-gyp-build"));
}

/** A copy of tfjs-core of its own, with the cpu backend. */
function placeCore(modules: string): void {
  copy(installed(core), join(modules, core), ["package.json", "dist/tf-core.node.js"]);
  const cpu = "@tensorflow/tfjs-backend-cpu";
  copy(installed(cpu), join(modules, cpu), ["package.json", "dist/tf-backend-cpu.node.js"]);
  for (const name of ["long", "seedrandom", "node-fetch"]) link(installed(name), join(modules, name));
}

/** A package of one line. */
function write(folder: string, code: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "1.0.0", main: "index.js" }));
  writeFileSync(join(folder, "index.js"), code);
}

/** Runs a program in a folder. */
function run(app: string, code: string, name = "app.cjs") {
  writeFileSync(join(app, name), code);
  const options = { cwd: app, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], options);
  return { status, stdout, stderr };
}

/** Takes one step, whichever of the two is loaded first, and checks whose tfjs-core the optimizer is made of. */
function expectOwnCopy(app: string, tfjs: string, orders = ["ours first", "tfjs first"]): void {
  const [theirs, ours] = [`const tf = require("${tfjs}");`, `const { AdaBeliefOptimizer } = require("adabelief/tfjs");`];
  for (const order of orders) {
    const { status, stdout, stderr } = run(
      app,
      `${order === "ours first" ? ours + theirs : theirs + ours}
      if (${tfjs === core}) require("@tensorflow/tfjs-backend-cpu");
      tf.enableProdMode();
      const x = tf.variable(tf.tensor1d([1, 2]), true, "x");
      const optimizer = new AdaBeliefOptimizer(0.5, { rectify: false });
      optimizer.applyGradients({ x: tf.tensor1d([1, 1]) });
      const [registered] = tf.serialization.SerializationMap.getMap().classNameMap.AdaBeliefOptimizer;
      const same = [Object.getPrototypeOf(AdaBeliefOptimizer) === tf.Optimizer, registered === AdaBeliefOptimizer];
      console.log(JSON.stringify({ x: x.dataSync()[0], same }));`,
    );
    expect({ order, status, stderr }).toEqual({ order, status: 0, stderr: "" });
    // g = 1, m = 0.1, so that √(v/c2) = 0.9 but for ε.
    expect(JSON.parse(stdout)).toEqual({ x: expect.closeTo(1 - 0.5 / 0.9, 5) as number, same: [true, true] });
  }
}

describe("where TensorFlow.js is not installed", () => {
  const app = path("without");
  beforeAll(() => placeOurs(join(app, "node_modules")));

  it.each([
    ["require", "app.cjs", `require("adabelief/tfjs")`],
    ["import", "app.mjs", `import "adabelief/tfjs"`],
  ])("%s says what to install", (_, name, code) => {
    const { status, stderr } = run(app, code, name);
    expect(status).toBe(1);
    expect(stderr).toContain("adabelief/tfjs needs TensorFlow.js 3 or 4, which is not installed: npm install @tensorflow/tfjs");
    expect(stderr).toContain("ERR_NO_TFJS");
  });

  it("the main entry works all the same", () => {
    expect(run(app, `console.log(typeof require("adabelief").AdaBelief)`)).toEqual({
      status: 0,
      stdout: "function\n",
      stderr: "",
    });
  });
});

it("a program whose working directory was removed loads it all the same", () => {
  const app = path("removed");
  const modules = join(app, "node_modules");
  placeOurs(modules);
  placeCore(modules);
  mkdirSync(join(app, "gone"));
  const code = `
    process.chdir("gone");
    require("node:fs").rmdirSync(process.cwd());
    const { AdaBeliefOptimizer } = require("adabelief/tfjs");
    console.log(new AdaBeliefOptimizer(0.5).learningRate);`;
  expect(run(app, code)).toEqual({ status: 0, stdout: "0.5\n", stderr: "" });
});

describe("it takes the program's own copy", () => {
  it("where tfjs-core lies beside it, as npm lays packages out", () => {
    const modules = path("flat", "node_modules");
    placeOurs(modules);
    placeCore(modules);
    expectOwnCopy(path("flat"), core);
  });

  it("where it sees @tensorflow/tfjs alone, as pnpm lays packages out", () => {
    const [ours, theirs, app] = ["adabelief", "tfjs", "app"].map((name) => path("strict", name, "node_modules")) as [
      string,
      string,
      string,
    ];
    placeOurs(ours);
    placeCore(theirs);
    // In the place of @tensorflow/tfjs, which hands on all of tfjs-core in the same way.
    write(join(theirs, whole), `require("@tensorflow/tfjs-backend-cpu"); module.exports = require("${core}");`);
    for (const modules of [ours, app]) link(join(theirs, whole), join(modules, whole));
    link(join(ours, "adabelief"), join(app, "adabelief"));
    expectOwnCopy(path("strict", "app"), whole);
  });

  it("where it is a link to a folder with another copy, if the program has loaded its own before", () => {
    const modules = path("linked", "node_modules");
    link(root, join(modules, "adabelief"));
    placeCore(modules);
    expectOwnCopy(path("linked"), core, ["tfjs first"]);
  });

  it("and refuses one of another release", () => {
    const modules = path("old", "node_modules");
    placeOurs(modules);
    write(join(modules, core), `exports.version_core = "2.8.6";`);
    const { status, stderr } = run(path("old"), `require("adabelief/tfjs")`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/adabelief\/tfjs needs TensorFlow.js 3 or 4, and .*tfjs-core\/index.js is "2.8.6"/);
  });
});
