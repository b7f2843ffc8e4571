// Node's permission model: the flag, and processes under it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");
const major = Number(process.versions.node.split(".")[0]);

/** Node 20 had it under another name. */
export const permission = major < 22 ? "--experimental-permission" : "--permission";

/** Runs code that may read and write some folders only. The package is `adabelief` in it. */
export function runRestricted(
  code: string,
  { read = [root], write = [] as string[], addons = true, env = {}, cwd = root, name = root } = {},
) {
  const flags = [
    permission,
    ...read.map((folder) => `--allow-fs-read=${folder}/*`),
    ...write.map((folder) => `--allow-fs-write=${folder}/*`),
    ...(addons ? ["--allow-addons"] : []),
    "--no-warnings",
  ];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, "--eval", `const adabelief = require(${JSON.stringify(name)});\n${code}`],
    { encoding: "utf8", cwd, env: { ...process.env, NODE_OPTIONS: "", ...env } },
  );
  return { status, stdout, stderr };
}
