#!/usr/bin/env node
// Called by prebuildify in the place of node-gyp, and drives cmake-js: the two give different meanings to --target, so what
// prebuildify says is translated here and not handed on.
const { spawnSync } = require("node:child_process");

const said = Object.fromEntries(
  process.argv
    .slice(2)
    .filter((argument) => argument.startsWith("--"))
    .map((argument) => argument.slice(2).split("=")),
);
const args = ["compile", "--arch", said.arch ?? process.arch, ...("debug" in said ? ["--debug"] : [])];
const { status } = spawnSync(process.execPath, [require.resolve("cmake-js/bin/cmake-js"), ...args], { stdio: "inherit" });
process.exit(status ?? 1);
