// The tarball that npm would publish, in apps of their own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");

/** No setting of the checkout's npm, nor of this package. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^npm_(?!config_cache$)|^NODE_OPTIONS$|^INIT_CWD$|^ADABELIEF_/i.test(key)),
);

export function run(cwd: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", env: { ...inherited, ...env } });
  return { status, stdout, stderr };
}

export function succeed(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(cwd, command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** Packs the package for the tests of one file. Returns what makes apps: folders with packages, the tarball last among them. */
export function packed() {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-package-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const [{ filename }] = JSON.parse(succeed(root, "npm", ["pack", "--json", "--pack-destination", folder])) as [
    { filename: string },
  ];
  const tarball = join(folder, filename);
  const at = (name: string) => join(folder, name);

  /** Installs packages, and then the tarball beside them, as somebody would who has them already. */
  function install(name: string, packages: readonly string[] = []): string {
    mkdirSync(at(name));
    writeFileSync(join(at(name), "package.json"), JSON.stringify({ name, private: true }));
    for (const list of [packages, [tarball]]) {
      if (list.length > 0) succeed(at(name), "npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...list]);
    }
    return at(name);
  }
  return { install, at, tarball };
}

/** Writes files into a folder. */
export function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
