// The tarball that npm would publish, installed where there is no compiler.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "adabelief-package-"));
const bin = join(folder, "bin");
const app = join(folder, "app");
const example = `
const data = new Float32Array(100).fill(1);
const optimizer = new AdaBelief([parameter(data, { grad: new Float32Array(100).fill(0.5) })]);
optimizer.step();
console.log(JSON.stringify({ ...info(), updated: data[0] }));
`;

/** Runs a command in the app's folder, with no compiler on the PATH unless asked for, and no setting of the checkout's npm. */
function run(command: string, args: readonly string[], { compilers = false, env = {}, cwd = app } = {}) {
  const inherited = Object.entries(process.env).filter(
    ([key]) => !/^npm_|^NODE_OPTIONS$|^INIT_CWD$/i.test(key) || key === "npm_config_cache",
  );
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...Object.fromEntries(inherited), ...env, PATH: compilers ? `${bin}:${process.env["PATH"]}` : bin },
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

function succeed(...args: Parameters<typeof run>): string {
  const { status, stdout, stderr } = run(...args);
  if (status !== 0) throw new Error(`${args[0]} ${args[1].join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

const commandPath = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
interface Packed {
  filename: string;
  files: { path: string }[];
  size: number;
  unpackedSize: number;
}

let files: string[];
let sizes: Pick<Packed, "size" | "unpackedSize">;

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(app);
  for (const name of ["node", "npm", "sh"]) symlinkSync(name === "node" ? process.execPath : commandPath(name), join(bin, name));
  const packed = succeed("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, compilers: true });
  const [{ filename, files: list, ...bytes }] = JSON.parse(packed) as [Packed];
  files = list.map(({ path }) => path);
  sizes = bytes;
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
  succeed("npm", ["install", "--no-audit", "--no-fund", join(folder, filename)]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the tarball", () => {
  it("holds the binary, the compiled package and the sources, and nothing of the workshop", () => {
    const wanted = ["prebuilds/linux-x64/adabelief.node", "dist/lib/index.js", "dist/lib/index.mjs", "dist/lib/index.d.ts"];
    wanted.push(...["js", "mjs", "d.ts", "d.mts"].map((kind) => `dist/lib/tfjs/index.${kind}`));
    expect(files).toEqual(expect.arrayContaining([...wanted, "dist/lib/cli/main.js", "CMakeLists.txt", "README.md", "LICENSE"]));
    expect(files.filter((path) => /^(test|examples|build|node_modules|scripts|\.)/.test(path))).toEqual([]);
  });

  it("takes at most 6 MB packed, and 16 MB unpacked", () => {
    expect(sizes.size).toBeLessThan(6e6);
    expect(sizes.unpackedSize).toBeLessThan(16e6);
  });

  it("holds bundles for browsers, which import TensorFlow.js and each other only", () => {
    const { exports } = JSON.parse(readFileSync(join(app, "node_modules/adabelief/package.json"), "utf8")) as {
      exports: Record<string, { browser: { default: string } }>;
    };
    const entries = [".", "./tfjs"].map((name) => (exports[name] as { browser: { default: string } }).browser.default.slice(2));
    expect(entries.filter((path) => !files.includes(path))).toEqual([]);
    const texts = files
      .filter((path) => path.startsWith("dist/browser/"))
      .map((path) => readFileSync(join(app, "node_modules/adabelief", path), "utf8"));
    const imported = new Set(
      texts.flatMap((text) => [...text.matchAll(/^(?:import|\}) .*?from "(.*?)";$/gm)].map((match) => match[1])),
    );
    const others = [...imported].filter((name) => !/^\.\/chunk-\w+\.mjs$/.test(name as string));
    expect(others).toEqual(["@tensorflow/tfjs-core"]);
  });

  it("has no script that an installation would run", () => {
    const { scripts } = JSON.parse(readFileSync(join(app, "node_modules/adabelief/package.json"), "utf8")) as { scripts: object };
    expect(Object.keys(scripts).filter((name) => /install|prepare$/.test(name))).toEqual([]);
  });

  it("brings one dependency", () => {
    const lock = JSON.parse(readFileSync(join(app, "package-lock.json"), "utf8")) as { packages: Record<string, unknown> };
    expect(Object.keys(lock.packages).sort()).toEqual(["", "node_modules/adabelief", "node_modules/node-gyp-build"]);
  });
});

describe("the binary", () => {
  it("loads wherever Node 20 does: with glibc 2.28 and the libstdc++ of its time", () => {
    const binary = join(app, "node_modules/adabelief/prebuilds/linux-x64/adabelief.node");
    const symbols = spawnSync("objdump", ["-T", binary], { encoding: "utf8" }).stdout;
    const newest = (name: string) =>
      Math.max(...[...symbols.matchAll(new RegExp(`\\(${name}_[23]\\.(?:4\\.)?(\\d+)`, "g"))].map(([, minor]) => Number(minor)));
    expect(newest("GLIBC")).toBeGreaterThan(0);
    expect(newest("GLIBC")).toBeLessThanOrEqual(28);
    expect(newest("GLIBCXX")).toBeGreaterThan(0);
    expect(newest("GLIBCXX")).toBeLessThanOrEqual(25);
  });
});

describe("installed where there is no compiler, it", () => {
  it("finds no compiler, so that the test means something", () => {
    expect(run("sh", ["-c", "command -v cc g++ cmake make"]).stdout).toBe("");
  });

  it.each([
    ["require", "app.cjs", `const { AdaBelief, info, parameter } = require("adabelief");`],
    ["import", "app.mjs", `import { AdaBelief, info, parameter } from "adabelief";`],
  ])("works by %s", (_, name, line) => {
    writeFileSync(join(app, name), line + example);
    const printed = JSON.parse(succeed("node", [name])) as { updated: number; binary: { origin: string; path: string } };
    expect(printed.binary).toEqual({ origin: "prebuilt", path: expect.stringContaining("prebuilds/linux-x64") as string });
    expect(printed.updated).toBeLessThan(1);
  });

  it("prints info from its command", () => {
    expect(succeed(join(app, "node_modules/.bin/adabelief"), ["info"])).toMatch(/binary +.*prebuilds\/linux-x64.*\(prebuilt\)/);
  });

  it("runs its benchmark", () => {
    const args = ["bench", "--sizes", "1000", "--variants", "plain", "--repeats", "3", "--json"];
    const report = JSON.parse(succeed(join(app, "node_modules/.bin/adabelief"), args)) as { results: unknown[] };
    expect(report.results.length).toBeGreaterThan(1);
  });

  it.each([
    ["CommonJS", "use.cts"],
    ["ESM", "use.mts"],
  ])("has types for %s", (_, name) => {
    const code = `import { AdaBelief, info, parameter, recipes, type StepReport } from "adabelief";
      const optimizer = new AdaBelief([parameter(new Float32Array(2))], recipes.gan);
      const report: StepReport = optimizer.step();
      const loss: number = optimizer.step(() => report.updated + info().threads);
      optimizer.paramGroups[0]!.lr = loss;`;
    writeFileSync(join(app, name), code);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const flags = ["--noEmit", "--strict", "--target", "es2022"];
    succeed("node", [tsc, ...flags, "--module", "node16", name]);
  });
});

describe("its entry for TensorFlow.js", () => {
  const lines = [
    [
      "require",
      "tfjs.cjs",
      `const { AdaBeliefOptimizer } = require("adabelief/tfjs");`,
      `const tf = require("@tensorflow/tfjs");`,
    ],
    ["import", "tfjs.mjs", `import { AdaBeliefOptimizer } from "adabelief/tfjs";`, `import * as tf from "@tensorflow/tfjs";`],
  ] as const;

  it.each(lines)("says by %s what to install where that is missing", (_, name, ours) => {
    writeFileSync(join(app, name), ours);
    const { status, stderr } = run("node", [name]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("ERR_NO_TFJS");
    expect(stderr).toContain("npm install @tensorflow/tfjs");
  });

  describe("with @tensorflow/tfjs and nothing else of it", () => {
    beforeAll(() => succeed("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "@tensorflow/tfjs@4"]));

    it.each(lines)("trains a model by %s", (_, name, ours, theirs) => {
      const training = `
        tf.enableProdMode();
        const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
        model.compile({ optimizer: new AdaBeliefOptimizer(0.1), loss: "meanSquaredError" });
        const x = tf.randomUniform([32, 3]);
        model.fit(x, x.sum(1, true), { epochs: 20, verbose: 0 }).then(({ history: { loss } }) => {
          console.log(JSON.stringify({ learns: loss[19] < loss[0], steps: model.optimizer.iterations }));
        });`;
      writeFileSync(join(app, name), ours + theirs + training);
      expect(JSON.parse(succeed("node", [name]))).toEqual({ learns: true, steps: 20 });
    });

    it.each(["tfjs.cts", "tfjs.mts"])("has types that go with its own: %s", (name) => {
      const code = `import * as tf from "@tensorflow/tfjs";
        import { AdaBeliefOptimizer } from "adabelief/tfjs";
        const optimizer: tf.Optimizer = new AdaBeliefOptimizer(1e-3, { excludeFromWeightDecay: (name) => name.endsWith("bias") });
        tf.sequential().compile({ optimizer, loss: "meanSquaredError" });`;
      writeFileSync(join(app, name), code);
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      succeed("node", [tsc, "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "node16", name]);
    });
  });
});

describe("on a platform without a prebuilt binary, it", () => {
  const elsewhere = { env: { npm_config_arch: "riscv64" } };

  it("runs as WebAssembly, and names the platform and the command that builds from source", () => {
    const { status, stdout, stderr } = run("node", ["-p", `require("adabelief").cpu.backend`], elsewhere);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "wasm\n" });
    expect(stderr).toContain("ADABELIEF_WASM");
    expect(stderr).toContain("no binary that loads on linux-riscv64");
    expect(stderr).toContain("npx cmake-js compile --directory node_modules/adabelief");
  });

  it("is built by that command", () => {
    const { stderr } = run("node", ["-e", `require("adabelief")`], elsewhere);
    const command = /compiler: (npm install .*?) \(/.exec(stderr)?.[1] as string;
    succeed("sh", ["-c", command], { compilers: true });
    const printed = succeed("node", ["-p", `JSON.stringify(require("adabelief").info().binary)`]);
    expect(JSON.parse(printed)).toEqual({
      origin: "built here",
      path: join(dirname(require.resolve("adabelief/package.json", { paths: [app] })), "build/Release/adabelief.node"),
    });
  });
});
