import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

interface Result {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs JavaScript in a process of its own, with the compiled package as `adabelief` unless `preload` is false. */
export function runScript(code: string, { flags = [] as string[], env = {}, preload = true } = {}): Result {
  const prelude = preload ? `const adabelief = require(${JSON.stringify(root)});\n` : "";
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, "--eval", prelude + code], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    cwd: root,
  });
  return { status, signal, stdout, stderr };
}

/** The same, for a script that must end well: returns what it printed as JSON. */
export function resultOf(code: string, options: Parameters<typeof runScript>[1] = {}): unknown {
  const result = runScript(code, options);
  if (result.status !== 0) throw new Error(`exit ${result.status ?? result.signal}: ${result.stderr}`);
  return JSON.parse(result.stdout);
}
