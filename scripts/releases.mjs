// Runs the tests on the newest release of each Node line that npm has: releases.mjs [--all] [lines, such as 22 24].
// All but the slow tests, or all of them with --all. The addon and the package are the ones that were built for the running Node.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const given = process.argv.slice(2);
const all = given.includes("--all");
const named = given.filter((argument) => argument !== "--all");
const wrong = named.find((line) => !/^[1-9]\d*$/.test(line));
if (wrong !== undefined) fail(`Unknown argument "${wrong}". Usage: npm run test:releases -- [--all] [lines, such as 22 24]`);
const lines = named.length > 0 ? named : ["20", "22", "24", "26"];
const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a command, and ends with what it printed if it fails. */
function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9 });
  if (status === 0) return stdout;
  fail(`${stdout ?? ""}${stderr ?? ""}${command} ${args.join(" ")}: ${error?.message ?? "failed, see above"}`);
}

/** Installs the newest release of a line, in a folder of its own. Returns its executable. */
function install(line) {
  const folder = join("build-node", line);
  mkdirSync(folder, { recursive: true });
  run("npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${line}`);
  return join(process.cwd(), folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** Runs the tests. Returns how many passed, failed and were skipped. */
function test(node, line) {
  const report = join("build-node", `${line}.json`);
  rmSync(report, { force: true });
  const config = all ? "jest.config.mjs" : "jest.releases.config.mjs";
  const jest = ["node_modules/jest/bin/jest.js", "--config", config, "--json", "--outputFile", report];
  const { status, stderr } = spawnSync(node, jest, { encoding: "utf8", maxBuffer: 1e9 });
  if (status !== 0) process.stderr.write(stderr);
  if (!existsSync(report)) fail(`Jest ended with ${status} and wrote no report`);
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
  return {
    ok: status === 0,
    passed: numPassedTests,
    failed: Math.max(numFailedTests, numFailedTestSuites),
    skipped: numPendingTests,
  };
}

const results = lines.map((line) => {
  const node = install(line);
  const version = run(node, "--version").trim();
  process.stderr.write(`Testing on Node ${version}...\n`);
  return { version, ...test(node, line) };
});
for (const { version, passed, failed, skipped } of results) {
  console.log(`${version}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
