// Applies the example of CONTRIBUTING.md, a new optimizer, to a copy of the tree from which that optimizer was taken out; then builds
// the copy and trains with it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const copy = mkdtempSync(join(tmpdir(), "adabelief-example-"));
const at = (...path) => join(copy, ...path);
const edit = (path, change) => {
  const before = readFileSync(at(path), "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${path} did not change`);
  writeFileSync(at(path), after);
};

function run(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: "utf8", maxBuffer: 1e9 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

function takeOut() {
  for (const path of ["native/update/eadam.h", "lib/optimizers/eadam.ts", "test/eadam.test.ts"]) rmSync(at(path));
  edit("native/update/formulas.h", (text) => text.replace('#include "eadam.h"\n', "").replace("EAdam, ", ""));
  edit("lib/optimizers/index.ts", (text) => text.replace('export * from "./eadam";\n', ""));
  const left = spawnSync("grep", ["--recursive", "--ignore-case", "--files-with-matches", "eadam", "native", "lib"], {
    cwd: copy,
    encoding: "utf8",
  });
  if (left.stdout !== "") throw new Error(`EAdam is also named in ${left.stdout.trim().replaceAll("\n", ", ")}`);
}

function apply() {
  const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const fence = (language) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(page)[1];
  writeFileSync(at("native/update/eadam.h"), fence("cpp"));
  writeFileSync(at("lib/optimizers/eadam.ts"), fence("ts"));
  edit("native/update/formulas.h", (text) => text.replace('#include "fromage.h"', '#include "eadam.h"\n#include "fromage.h"'));
  edit("native/update/formulas.h", (text) => text.replace("List<AdaBelief", "List<EAdam, AdaBelief")); // its place is free
  edit("lib/optimizers/index.ts", (text) => `${text}export * from "./eadam";\n`);
}

const training = `
  const { EAdam, parameter } = require("./dist/lib/index.js");
  const weight = parameter(new Float32Array(5000).fill(3));
  const optimizer = new EAdam([weight], { lr: 0.05, weight_decay: 1e-3 });
  const loss = () => weight.data.reduce((sum, w) => sum + (w - 1) ** 2, 0);
  const before = loss();
  for (let step = 0; step < 200; ++step) {
    weight.grad = weight.data.map((w) => 2 * (w - 1));
    optimizer.step();
  }
  console.log(before, loss(), optimizer.state.get(weight).step);
`;

try {
  for (const path of ["CMakeLists.txt", "package.json", "tsconfig.json", "native", "lib", "test"]) {
    cpSync(join(root, path), at(path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), at("node_modules"));
  takeOut();
  apply();
  run(join(root, "node_modules/.bin/cmake-js"), "compile", "--CDADABELIEF_CUDA=OFF");
  run(join(root, "node_modules/.bin/tsc"), "--project", "tsconfig.json");
  const [before, after, steps] = run(process.execPath, "--eval", training).trim().split(" ").map(Number);
  console.log(`EAdam, added to a tree without it: the loss fell from ${before} to ${after.toPrecision(3)} in ${steps} steps`);
  if (!(after < before / 1000) || steps !== 200) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
