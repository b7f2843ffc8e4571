// The snippets of the documents do what they say.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { fences } from "./helpers/docs";
import { temporaryFolder } from "./helpers/folder";
import { torchWithExactBits } from "./helpers/python";

const at = temporaryFolder();
const root = join(__dirname, "..");
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** What a page's program must print, its snippets run one after another; or what each of them does, where each is a program. In a second
 * run, where that is something else: a program that goes on from where it was must find itself at the end. */
const pages: { page: string; prints: RegExp | RegExp[]; printsAgain?: RegExp }[] = [
  { page: "README.md", prints: /^Float32Array\(2\) \[ 2\.9999\d+, 2\.9999\d+ \]\n$/ },
  { page: "docs/api.md", prints: /backend: '\w+',[^]*\} 1 0\.25\n$/ },
  {
    page: "docs/checkpoints.md",
    prints: /^\[ 'new head' \] \[ 'old head' \]\nERR_CHECKPOINT \/.*\/broken\.safetensors: not a safetensors file, .*\n$/,
  },
  { page: "docs/cuda.md", prints: /^0 true true\ntrue\n1.0 1.0 1.5 0.5 1.0 1.0 0.5 0.5 1.0 1.0\n$/ },
  { page: "docs/from-pytorch.md", prints: /^0\.\d+ -1\.\d+ 2\.\d+\n$/ },
  { page: "docs/guide.md", prints: /^1e-8 1\.000\n1e-16 0\.004\n\{ '1': 1, '1000': 20, '5000': 186 \}\n$/ },
  {
    page: "docs/gradients.md",
    prints: [
      /^1 false 47\.43416490252569\n$/,
      /^1\.0 1\.0 1\.5 0\.5 1\.0 1\.0 0\.5 0\.5 1\.0 1\.0\n$/,
      /^false 65536\ntrue 32768\nfalse 32768\nfalse 65536\n$/,
      /^5\n0\.7999998331069946\n$/,
      /^$/,
    ],
  },
  { page: "docs/optimizers.md", prints: [/^Adam 0\.90\d+\nYogi 0\.\d+\n$/, /^$/, /^true\ntrue\n$/] },
  { page: "docs/options.md", prints: [/^$/] },
  { page: "docs/plain-arrays.md", prints: /^(2|1\.9999)\S* -(3|2\.9999)\S* 0\.(5|49999)\S* true\n1 0\.333984375\n$/ },
  { page: "docs/platforms.md", prints: /^$/ },
  { page: "docs/safetensors.md", prints: /^pt F32 \[ 2, 2 \] Float32Array\(4\) \[ 1, 2, 3, 4 \]\n$/ },
  { page: "docs/schedules.md", prints: [/^100 \[ 0 \]\n$/, /^\[ 0\.025\d* \]\n$/, /^5 true\n$/, /^$/] },
  {
    page: "docs/tfjs.md",
    prints: /^loss 0\.\d+ → 0\.0\d+\nnear 0: true\nlearning rate 0\nsteps so far: 120\n$/, // 15 epochs of 8 batches
    printsAgain: /\nsteps so far: 160\n$/,
  },
];

/** A folder in which a snippet is what a user's file would be. Of the packages for TensorFlow.js, @tensorflow/tfjs is a line that hands
 * on the parts that are here. */
function userFolder(name: string): string {
  const modules = at(name, "node_modules");
  const whole = join(modules, "@tensorflow", "tfjs");
  mkdirSync(whole, { recursive: true });
  symlinkSync(root, join(modules, "adabelief"));
  const parts = ["core", "layers", "backend-cpu", "backend-wasm"].map((part) => `@tensorflow/tfjs-${part}`);
  for (const part of parts) symlinkSync(join(root, "node_modules", part), join(modules, part));
  writeFileSync(join(whole, "package.json"), JSON.stringify({ version: "4.0.0", main: "index.mjs" }));
  writeFileSync(join(whole, "index.mjs"), parts.map((part) => `export * from "${part}";`).join("\n"));
  return at(name);
}

function runIn(folder: string, code: string): string {
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(join(folder, "page.mjs"), ts.transpile(code, options));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["page.mjs"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env }, // with the mock driver for CUDA's driver, unless there is a GPU
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

describe.each(pages)("$page", ({ page, prints, printsAgain }) => {
  it("has snippets that run", () => {
    const snippets = fences(textOf(page), "js", "ts");
    const [programs, outputs] = Array.isArray(prints) ? [snippets, prints] : [[snippets.join("\n")], [prints]];
    expect(programs.length).toBe(outputs.length);
    programs.forEach((code, k) => {
      const folder = userFolder(`${page.replaceAll(/\W/g, "-")}-${k}`);
      const wanted = outputs[k] as RegExp;
      for (const output of [wanted, printsAgain ?? wanted]) expect(runIn(folder, code)).toMatch(output);
    });
  });
});

const sentence =
  "the Python code of docs/from-pytorch.md prints what the JavaScript beside it prints, which then goes on from its file";
const torch = torchWithExactBits(sentence);

(torch === undefined ? it.skip : it)(`${sentence} (${torch?.version ?? "not at hand"})`, () => {
  const folder = userFolder("from-pytorch");
  writeFileSync(join(folder, "checkpoint.py"), fences(textOf("docs/checkpoints.md"), "python").join("\n"));
  writeFileSync(join(folder, "page.py"), fences(textOf("docs/from-pytorch.md"), "python").join("\n"));
  const { status, stdout, stderr } = spawnSync(torch?.python as string, ["page.py"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: join(__dirname, "pytorch"), PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (status !== 0) throw new Error(stderr);
  expect(runIn(folder, fences(textOf("docs/from-pytorch.md"), "js").join("\n"))).toBe(`${stdout}resumed from step 100\n`);
});
