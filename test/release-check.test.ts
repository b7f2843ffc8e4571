// What must agree before a release, and the workflows that ask.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./helpers/folder";

const at = temporaryFolder();
const root = join(__dirname, "..");
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

const script = join(root, "scripts/release-check.mjs");
const platforms = ["linux-x64", "linux-arm64", "win32-x64", "win32-arm64", "darwin-x64", "darwin-arm64"];

/** Checks a folder with these files. Returns what the script says. */
function check(name: string, files: Record<string, string>, ...args: string[]): { status: number | null; stderr: string } {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(at(name, file)), { recursive: true });
    writeFileSync(at(name, file), text);
  }
  const env = { ...process.env, ADABELIEF_RELEASE_ROOT: at(name) };
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env });
  return { status, stderr };
}

const changelog = (unreleased: string, heading: string) =>
  `# Changelog\n\n## Unreleased\n${unreleased}\n## ${heading}\n\n- A line.\n`;
const ready = { "package.json": '{ "version": "1.2.3" }', "CHANGELOG.md": changelog("", "1.2.3 - 2026-01-02") };
const built = {
  ...Object.fromEntries(platforms.map((platform) => [`prebuilds/${platform}/adabelief.node`, ".version 6.4\n"])),
  "dist/lib/wasm/modules.js": 'exports.exact = "AGFzbQ=="',
};

describe("a release", () => {
  it("passes with its tag, its version, its dated heading and all binaries", () => {
    expect(check("ready", { ...ready, ...built }, "v1.2.3", "--prebuilds")).toEqual({ status: 0, stderr: "" });
  });

  const without = (file: string) => Object.fromEntries(Object.entries(built).filter(([name]) => name !== file));
  it.each<[string, Record<string, string>, string, RegExp]>([
    ["another tag", {}, "v1.2.4", /The tag is v1\.2\.4, and the version in package\.json is 1\.2\.3/],
    ["a tag without v", {}, "1.2.3", /tag v1\.2\.3/],
    [
      "lines under Unreleased",
      { "CHANGELOG.md": changelog("\n- New.\n", "1.2.3 - 2026-01-02") },
      "v1.2.3",
      /lines under Unreleased/,
    ],
    ["no date", { "CHANGELOG.md": changelog("", "1.2.3") }, "v1.2.3", /newest release is "1\.2\.3"/],
    ["another heading", { "CHANGELOG.md": changelog("", "1.2.2 - 2026-01-02") }, "v1.2.3", /must be "1\.2\.3 - YYYY-MM-DD"/],
    ["no heading", { "CHANGELOG.md": "# Changelog\n" }, "v1.2.3", /newest release is "nothing"/],
  ])("is refused with %s", (what, files, tag, message) => {
    const { status, stderr } = check(what.replaceAll(" ", "-"), { ...ready, ...files }, tag);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(message) as string });
  });

  it.each(Object.keys(built))("is refused without %s", (file) => {
    const { status, stderr } = check(
      `without-${file.replaceAll("/", "-")}`,
      { ...ready, ...without(file) },
      "v1.2.3",
      "--prebuilds",
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(file.split("/")[1] as string) as string });
  });

  it("is refused where the binary has no kernels for CUDA", () => {
    const files = { ...ready, ...built, "prebuilds/linux-x64/adabelief.node": "" };
    const { status, stderr } = check("no-kernels", files, "v1.2.3", "--prebuilds");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "prebuilds/linux-x64/adabelief.node has no kernels for CUDA\n" });
  });

  it("is refused without WebAssembly", () => {
    const files = { ...ready, ...built, "dist/lib/wasm/modules.js": 'exports.exact = ""' };
    const { status, stderr } = check("no-wasm", files, "v1.2.3", "--prebuilds");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "dist/lib/wasm/modules.js was not built\n" });
  });
});

const workflows = readdirSync(join(root, ".github/workflows")).map((name) => `.github/workflows/${name}`);
const { scripts, version } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string>; version: string };

it.each(workflows)("%s runs scripts that exist, with the least permissions", (file) => {
  const text = textOf(file);
  const named = [...text.matchAll(/npm (?:run )?(test|run [\w:]+|[\w]+:[\w]+)\b/g)].map((match) =>
    (match[1] as string).replace("run ", ""),
  );
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  const files = [...text.matchAll(/(?:scripts\/[\w.-]+\.mjs|(?<!\w)\.ci\/\w+|jest\.\w+\.config\.mjs)/g)].map(([path]) => path);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
});

it("the release workflow builds or gathers every binary", () => {
  const text = textOf(".github/workflows/release.yml");
  expect(platforms.filter((platform) => !text.includes(`platform: ${platform}`))).toEqual([]);
});

it("CHANGELOG.md has a dated heading for the version", () => {
  expect(textOf("CHANGELOG.md")).toMatch(new RegExp(`^## ${version.replaceAll(".", "\\.")} - \\d{4}-\\d{2}-\\d{2}$`, "m"));
});
