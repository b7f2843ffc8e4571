// The snippets of the documents do what they say: those of a page run one after another, as one program.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fences } from "./helpers/docs";

const root = join(__dirname, "..");

/** What a page's program must print, as a pattern. */
const pages: { page: string; prints: RegExp }[] = [
  { page: "docs/checkpoints.md", prints: /^ERR_CHECKPOINT \/.*\/broken\.safetensors: not a safetensors file, .*\n$/ },
];

describe.each(pages)("$page", ({ page, prints }) => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-docs-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has snippets that run", () => {
    const snippets = fences(readFileSync(join(root, page), "utf8"), "js");
    expect(snippets.length).toBeGreaterThan(0);
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "adabelief"));
    writeFileSync(join(folder, "page.mjs"), snippets.join("\n"));
    // Twice: a program that goes on from where it was must find itself at the end.
    for (let run = 0; run < 2; ++run) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["page.mjs"], { cwd: folder, encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(prints);
    }
  });
});
