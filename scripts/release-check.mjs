// What must agree before a release: release-check.mjs TAG [--prebuilds, to check those too]
// The tag is v and package.json's version, CHANGELOG.md has a dated heading for it on top and nothing above it.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(process.env.ADABELIEF_RELEASE_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
const [tag, ...flags] = process.argv.slice(2);

/** Every binary that the package is published with, by prebuilds/README.md. */
const platforms = ["linux-x64", "linux-arm64", "win32-x64", "win32-arm64", "darwin-x64", "darwin-arm64"];

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const problems = [];
if (tag !== `v${version}`) problems.push(`The tag is ${tag}, and the version in package.json is ${version}: tag v${version}`);

const sections = readFileSync("CHANGELOG.md", "utf8").split(/^## /m).slice(1);
const unreleased = sections.find((section) => section.startsWith("Unreleased\n"));
if (unreleased?.includes("\n- ")) problems.push(`CHANGELOG.md has lines under Unreleased: move them under ## ${version} - DATE`);
const [newest = "nothing"] = sections.filter((section) => section !== unreleased).map((section) => section.split("\n")[0]);
const dated = /^(\S+) - \d{4}-\d{2}-\d{2}$/.exec(newest);
if (dated?.[1] !== version) problems.push(`CHANGELOG.md's newest release is "${newest}": it must be "${version} - YYYY-MM-DD"`);

if (flags.includes("--prebuilds")) {
  const missing = platforms.filter((platform) => !existsSync(`prebuilds/${platform}/adabelief.node`));
  if (missing.length > 0) problems.push(`prebuilds/ lacks ${missing.join(", ")}`);
  const linux = "prebuilds/linux-x64/adabelief.node";
  if (existsSync(linux) && !readFileSync(linux).includes(".version 6.4\n")) problems.push(`${linux} has no kernels for CUDA`);
  const modules = "dist/lib/wasm/modules.js";
  if (!existsSync(modules) || readFileSync(modules, "utf8").includes('exact = ""')) problems.push(`${modules} was not built`);
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
