// Runs the prebuilt binary for linux-x64 on musl: in Bun's build for musl, under Debian's. The bits must be those of Node here.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fail, install, requirePrograms, root, run } from "./build.mjs";

requirePrograms("A test on musl", { patchelf: "patchelf", gcc: "gcc", "/lib/ld-musl-x86_64.so.1": "musl" });
const modules = install("build-musl", { "@oven/bun-linux-x64-musl": "1.4.5" }, [
  "--os",
  "linux",
  "--cpu",
  "x64",
  "--libc",
  "musl",
]);

// Debian has no libstdc++ for musl.
const libraries = join(root, "build-musl", "lib");
mkdirSync(libraries, { recursive: true });
for (const name of ["libstdc++.so.6", "libgcc_s.so.1"]) {
  const copy = join(libraries, name);
  copyFileSync(run("gcc", `-print-file-name=${name}`).trim(), copy);
  const glibc = ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"].flatMap((needed) => ["--remove-needed", needed]);
  run("patchelf", ...glibc, copy);
}
const shim = join(libraries, "shim.so");
run("gcc", "-shared", "-fPIC", "-nostdlib", "-o", shim, "scripts/cross/musl-shim.c");

process.env.PREBUILDS_ONLY = "1";
const wanted = run(process.execPath, "test/smoke/smoke.cjs");
const bun = join(modules, "@oven", "bun-linux-x64-musl", "bin", "bun");
const onMusl = (script) => run("env", `LD_PRELOAD=${shim}`, `LD_LIBRARY_PATH=${libraries}`, bun, script);
const got = onMusl("test/smoke/smoke.cjs");
if (got !== wanted) fail(`Other bits on musl:\n${got}\n${wanted}`);
run(process.execPath, "test/smoke/bundle.mjs", "build-smoke/goldens.cjs");
const counted = JSON.parse(onMusl("build-smoke/goldens.cjs"));
if (!counted.every(({ cases, comparisons }) => cases > 0 && comparisons > cases)) fail("Too few recorded cases on musl");
console.log(`musl: ${counted[0].cases} recorded cases on ${counted.map(({ backend }) => backend).join(", ")}`);
console.log(`musl: the bits of Node ${process.version}: ${got.trim()}`);
