// Writes prebuilds/ for all platforms that this machine can build for: prebuild.mjs [platforms, such as linux-x64]
// prebuilds/README.md says how each of them is built, and what has run it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { removeNeeded } from "./cross/build.mjs";

const here = `${process.platform}-${process.arch}`;
const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

function run(command, ...args) {
  if (spawnSync(command, args, { stdio: "inherit" }).status !== 0) process.exit(1);
}

/** Takes what ready.mjs has built. Prebuildify would start a shell that cannot start what it is told to. */
function copyBuilt() {
  mkdirSync(`prebuilds/${here}`, { recursive: true });
  copyFileSync("build/Release/adabelief.node", `prebuilds/${here}/adabelief.node`);
}

/** What builds for a platform, and the program without which it cannot. */
const platforms = {
  [here]: {
    build() {
      if (process.platform === "win32") return copyBuilt();
      run("node_modules/.bin/prebuildify", "--napi", "--strip", "--quiet", "--node-gyp", "scripts/node-gyp-shim.cjs");
      if (process.platform === "linux" && works("patchelf")) removeNeeded(`prebuilds/${here}/adabelief.node`);
      else if (process.platform === "linux") process.stderr.write("SKIPPED: without patchelf the binary does not load on musl\n");
      copyFileSync(`prebuilds/${here}/adabelief.node`, "build/Release/adabelief.node"); // prebuildify moved it away
    },
  },
  "linux-arm64": {
    needs: "aarch64-linux-gnu-g++",
    build: () => run(process.execPath, "scripts/cross/linux-arm64.mjs", "--build-only"),
  },
  "win32-x64": {
    needs: "x86_64-w64-mingw32-g++-posix",
    build: () => run(process.execPath, "scripts/cross/win32-x64.mjs", "--build-only"),
  },
};

const named = process.argv.slice(2);
const unknown = named.find((name) => !(name in platforms));
if (unknown !== undefined) {
  process.stderr.write(`Unknown platform "${unknown}"; there are ${Object.keys(platforms).join(", ")}\n`);
  process.exit(1);
}
for (const [name, { needs, build }] of Object.entries(platforms)) {
  if (named.length > 0 && !named.includes(name)) continue;
  if (needs === undefined || works(needs)) build();
  else {
    process.stderr.write(`SKIPPED, not built: ${name}, because ${needs} is missing\n`);
    if (named.length > 0) process.exitCode = 1;
  }
}
