// The snippets of the documents do what they say: those of a page run one after another, as one program.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fences } from "./helpers/docs";

const root = join(__dirname, "..");

/** What a page's program must print, as a pattern, in its first and in its second run. */
const pages: { page: string; prints: RegExp; printsAgain?: RegExp }[] = [
  { page: "docs/checkpoints.md", prints: /^ERR_CHECKPOINT \/.*\/broken\.safetensors: not a safetensors file, .*\n$/ },
  {
    page: "docs/tfjs.md",
    prints: /^loss 0\.\d+ → 0\.0\d+\nnear 0: true\nsteps so far: 360\n$/, // 45 epochs of 8 batches
    printsAgain: /\nsteps so far: 400\n$/,
  },
];

/** What the programs may import. Of the packages for TensorFlow.js, @tensorflow/tfjs is a line that hands on the parts that are here. */
function install(modules: string): void {
  mkdirSync(join(modules, "@tensorflow", "tfjs"), { recursive: true });
  symlinkSync(root, join(modules, "adabelief"));
  const parts = ["core", "layers", "backend-cpu", "backend-wasm"].map((part) => `@tensorflow/tfjs-${part}`);
  for (const part of parts) symlinkSync(join(root, "node_modules", part), join(modules, part));
  const whole = join(modules, "@tensorflow", "tfjs");
  writeFileSync(join(whole, "package.json"), JSON.stringify({ version: "4.0.0", main: "index.mjs" }));
  writeFileSync(join(whole, "index.mjs"), parts.map((part) => `export * from "${part}";`).join("\n"));
}

describe.each(pages)("$page", ({ page, prints, printsAgain = prints }) => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-docs-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has snippets that run", () => {
    const snippets = fences(readFileSync(join(root, page), "utf8"), "js");
    expect(snippets.length).toBeGreaterThan(0);
    install(join(folder, "node_modules"));
    writeFileSync(join(folder, "page.mjs"), snippets.join("\n"));
    // Twice: a program that goes on from where it was must find itself at the end.
    for (const wanted of [prints, printsAgain]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["page.mjs"], { cwd: folder, encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(wanted);
    }
  });
});
