// Makes a checkout ready to run: installs, builds the addon, compiles the TypeScript; each only where something changed.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);
const windows = process.platform === "win32";

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
  const shell = windows && command === "npm"; // which is a batch file there
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9, shell });
  if (error !== undefined || status !== 0)
    fail(`${stdout ?? ""}${stderr ?? ""}${what}: ${error?.message ?? "failed, see above"}`);
}

/** Runs a program of a development dependency by its file, because Windows cannot start the links in node_modules/.bin. */
const runModule = (what, file, ...args) => run(what, process.execPath, `node_modules/${file}`, ...args);

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
    fail(
      "adabelief is built with CMake, and there is none: install it (apt-get install cmake, brew install cmake, winget install cmake)",
    );
  if (windows) return; // CMake finds Visual Studio, and says so if there is none
  if (!["ninja", "make"].some(works))
    fail("adabelief is built with Ninja or Make, and there is neither: install one (apt-get install ninja-build)");
  const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  if (!compilers.some(works))
    fail("adabelief is built with a C++17 compiler, and there is none: install one (apt-get install g++, or Xcode's)");
}

if (newest("node_modules/.package-lock.json") < newest("package-lock.json")) {
  run("Installing what package-lock.json names", "npm", "ci", "--no-audit", "--no-fund");
}
const sourcesOfAddon = [
  ...["CMakeLists.txt", "native", "package-lock.json"],
  ...["test/cuda/mock_driver", "test/cuda/ptx", "test/mpi/test_library"],
];
upToDate("build/Release/adabelief.node", sourcesOfAddon, () => {
  requireTools();
  runModule("Building the addon", "cmake-js/bin/cmake-js", "compile", ...(windows ? ["--toolset", "ClangCL"] : []));
});
upToDate("lib/wasm/modules.js", ["native", "scripts/wasm.mjs"], () => {
  process.stderr.write("Building WebAssembly...\n");
  const { status } = spawnSync(process.execPath, ["scripts/wasm.mjs"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
});
upToDate("dist/.stamp", ["tsconfig.json", "lib", "scripts/browser.mjs", "package-lock.json"], () => {
  rmSync("dist", { recursive: true, force: true }); // nothing of sources that are gone
  runModule("Compiling the TypeScript", "typescript/bin/tsc", "--project", "tsconfig.json");
  copyFileSync("lib/wasm/modules.js", "dist/lib/wasm/modules.js");
  run("Bundling for browsers", process.execPath, "scripts/browser.mjs");
});
