// A bundle that is an ES module finds the binary in its own folder, and never takes one from the working directory.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { path as findBuilt } from "node-gyp-build";
import { temporaryFolder } from "./helpers/folder";

const root = join(__dirname, "..");
const at = temporaryFolder();
const program = `import { info } from ${JSON.stringify(join(root, "dist/lib/index.js"))}; console.log(info().binary.path);`;
const banner = `import { createRequire } from "node:module"; const require = createRequire("file:///nowhere/app.js");`;

beforeAll(() => {
  const options = { bundle: true, platform: "node", format: "esm", outfile: at("app.mjs"), logLevel: "error" } as const;
  buildSync({ stdin: { contents: program, resolveDir: root }, ...options, banner: { js: banner } });
});

/** Makes a folder with a binary, and puts the bundle there where `withBundle`. */
function makeFolder(name: string, withBundle = true): string {
  mkdirSync(at(name), { recursive: true });
  cpSync(findBuilt(root), at(name, "adabelief.node"));
  if (withBundle) cpSync(at("app.mjs"), at(name, "app.mjs"));
  return at(name);
}

function run(args: string[], { cwd = root, input = "" } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    cwd,
    input,
    env: { ...process.env, NODE_OPTIONS: "", ADABELIEF_BACKEND: "native" },
  });
  return { status, stdout: stdout.trim(), stderr };
}

describe("a bundle that is an ES module takes the binary", () => {
  it.each(["plain", "a (copy)", "(app)", "50% #1:2:3 ü"])("beside itself in a folder called %j", (name) => {
    const folder = makeFolder(name);
    expect(run([join(folder, "app.mjs")])).toEqual({ status: 0, stdout: join(folder, "adabelief.node"), stderr: "" });
  });

  it("beside itself, also where the program wants no stack traces", () => {
    const folder = makeFolder("traceless");
    writeFileSync(join(folder, "main.mjs"), `Error.stackTraceLimit = 0; await import("./app.mjs");`);
    expect(run([join(folder, "main.mjs")])).toEqual({ status: 0, stdout: join(folder, "adabelief.node"), stderr: "" });
  });
});

describe("a bundle that is no file takes no binary of the working directory", () => {
  it("from the standard input", () => {
    const cwd = makeFolder("here", false);
    writeFileSync(join(cwd, "[eval1]"), "");
    const { status, stdout, stderr } = run(["--input-type=module", "-"], { cwd, input: readFileSync(at("app.mjs"), "utf8") });
    expect([status, stdout, stderr.includes("ERR_NO_BINARY")]).toEqual([1, "", true]);
  });

  it("in a worker", () => {
    const cwd = makeFolder("worker", false);
    const start = `
      const { Worker } = require("node:worker_threads");
      const code = "import(" + JSON.stringify("data:text/javascript;base64,") + " + " + JSON.stringify(require("node:fs").readFileSync(0, "base64")) + ")";
      new Worker(code, { eval: true }).on("error", ({ code }) => console.log(code));`;
    const { status, stdout } = run(["--eval", start], { cwd, input: readFileSync(at("app.mjs"), "utf8") });
    expect([status, stdout]).toEqual([0, "ERR_NO_BINARY"]);
  });
});
