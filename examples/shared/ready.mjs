// Before an example runs: `node ready.mjs FOLDER...` builds the clone around it, if there is one, and installs the packages of these
// folders where they are missing.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (error !== undefined || status !== 0) {
    process.stderr.write(`${[command, ...args].join(" ")}: ${error?.message ?? "failed, see above"}\n`);
    process.exit(1);
  }
}

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const root = join(import.meta.dirname, "..", "..");
const build = join(root, "scripts", "ready.mjs");
if (existsSync(build)) run(process.execPath, build);
for (const folder of process.argv.slice(2).map((name) => resolve(name))) {
  if (time(join(folder, "node_modules", ".package-lock.json")) >= time(join(folder, "package-lock.json"))) continue;
  process.stderr.write(`Installing the packages of ${relative(root, folder)}...\n`);
  run("npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund");
}
