// Makes a checkout ready to run: installs, builds the addon, compiles the TypeScript; each only where something changed.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);

/** The time of the newest change among files, and folders with all they hold; 0 where there is none. */
function newest(...paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return 0;
      return stat.isDirectory() ? newest(...readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    }),
  );
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a command, and shows what it printed only if it fails. */
function run(what, command, ...args) {
  process.stderr.write(`${what}...\n`);
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9 });
  if (error !== undefined || status !== 0)
    fail(`${stdout ?? ""}${stderr ?? ""}${what}: ${error?.message ?? "failed, see above"}`);
}

/** Runs a build step where its inputs are newer than its stamp. */
function upToDate(stamp, inputs, build) {
  if (existsSync(stamp) && newest(stamp) >= newest(...inputs)) return;
  const started = new Date();
  build();
  if (!existsSync(stamp)) writeFileSync(stamp, "");
  utimesSync(stamp, started, started);
}

function requireTools() {
  const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
  if (!works("cmake"))
    fail("adabelief is built with CMake, and there is none: install it (apt-get install cmake, brew install cmake)");
  if (!["ninja", "make"].some(works))
    fail("adabelief is built with Ninja or Make, and there is neither: install one (apt-get install ninja-build)");
  const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  if (!compilers.some(works))
    fail("adabelief is built with a C++17 compiler, and there is none: install one (apt-get install g++, or Xcode's)");
}

if (newest("node_modules/.package-lock.json") < newest("package-lock.json")) {
  run("Installing what package-lock.json names", "npm", "ci", "--no-audit", "--no-fund");
}
upToDate("build/Release/adabelief.node", ["CMakeLists.txt", "native", "test/cuda/mock_driver", "test/mpi/test_library", "package-lock.json"], () => {
  requireTools();
  run("Building the addon", "node_modules/.bin/cmake-js", "compile");
});
upToDate("lib/wasm/modules.js", ["native", "scripts/wasm.mjs"], () => {
  process.stderr.write("Building WebAssembly...\n");
  const { status } = spawnSync(process.execPath, ["scripts/wasm.mjs"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
});
upToDate("dist/.stamp", ["tsconfig.json", "lib", "scripts/browser.mjs", "package-lock.json"], () => {
  rmSync("dist", { recursive: true, force: true }); // nothing of sources that are gone
  run("Compiling the TypeScript", "node_modules/.bin/tsc", "--project", "tsconfig.json");
  copyFileSync("lib/wasm/modules.js", "dist/lib/wasm/modules.js");
  run("Bundling for browsers", process.execPath, "scripts/browser.mjs");
});
