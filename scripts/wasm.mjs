// Compiles the loops and tables to WebAssembly, twice, and embeds both in JavaScript:
// wasm.mjs [file to write] [sanitizers] [the one form to compile, exact or relaxed]
// One form is exact on every engine with SIMD. The other uses relaxed SIMD, for engines that fuse its multiply-add.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const target = process.argv[2] ?? "lib/wasm/modules.js";
const sanitizers = process.argv[3];
const only = process.argv[4];
const compiler = process.env.ADABELIEF_WASM_CXX ?? "clang++-19";
const folder = sanitizers === undefined ? "build-wasm" : "build-wasm-sanitized";

const sources = [
  ...["core/formula", "core/formula_names", "core/lease", "core/reduction"],
  ...["table/overlap", "table/plan", "table/run", "table/table", "table/touched_rows"],
  ...[
    "cpu/accumulate",
    "cpu/backend",
    "cpu/block_sums",
    "cpu/chunks",
    "cpu/convert",
    "cpu/cpu_engine",
    "cpu/loops",
    "cpu/norm",
    "cpu/pair_sum",
    "cpu/piece",
  ],
  ...["wasm/access", "wasm/engine", "wasm/exports", "wasm/one_thread", "lists"],
];
const compile = [
  ...["--target=wasm32-wasi", "-std=c++17", "-DNDEBUG", "-O2", "-Wall", "-Wextra", "-fno-rtti", "-fignore-exceptions"],
  ...["-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"],
  ...["-msimd128", "-mbulk-memory", "-Wno-c++11-narrowing"],
  ...["-Wno-enum-enum-conversion", "-Wno-pass-failed", "-Wno-unused-command-line-argument"],
];
const link = [
  ...["--target=wasm32-wasi", "-nostartfiles", "-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--strip-all", "-Wl,--import-memory"],
  "-Wl,--export=__stack_pointer",
  ...["-Wl,--initial-memory=4194304", "-Wl,--max-memory=4294967296", "-Wl,-z,stack-size=262144"],
];

/** Runs a compiler. Ends this program with what it printed if it fails. */
function run(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, (error, stdout, stderr) => {
      process.stderr.write(error ? `${stdout}${stderr}${error.message}\n` : stderr);
      if (error) process.exit(1);
      resolve();
    });
  });
}

/** Runs functions that return promises, as many at a time as there are cores. */
async function runAll(functions) {
  const waiting = [...functions];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** What a sanitizer finds ends the program: there is nobody to tell. */
const checks = sanitizers === undefined ? [] : [`-fsanitize=${sanitizers}`, `-fsanitize-trap=${sanitizers}`];

const forms = { exact: [], relaxed: ["-mrelaxed-simd", "-DADABELIEF_RELAXED_MADD"] };
const objectOf = (name, source) => join(folder, name, `${source.replace("/", "_")}.o`);

/** What compiles one source of a form. */
function compiling(name, source) {
  const set = source === "cpu/loops" ? ["-DADABELIEF_SET=wasm"] : ["-Oz"]; // what runs once a step may be small
  const flags = [...compile, ...checks, ...forms[name], ...set];
  return () => run(compiler, [...flags, "-c", `native/${source}.cpp`, "-o", objectOf(name, source)]);
}

/** Builds forms. Returns the bytes of each. */
async function build(names) {
  for (const name of names) mkdirSync(join(folder, name), { recursive: true });
  const longestFirst = ["cpu/loops", ...sources.filter((source) => source !== "cpu/loops")];
  await runAll(longestFirst.flatMap((source) => names.map((name) => compiling(name, source))));
  const linked = names.map(async (name) => {
    const file = join(folder, `${name}.wasm`);
    await run(compiler, [...link, "-o", file, ...sources.map((source) => objectOf(name, source))]);
    return readFileSync(file);
  });
  return Promise.all(linked);
}

/** The lists that a module exports, as text. */
function listsOf(bytes) {
  const memory = new WebAssembly.Memory({ initial: 2048, maximum: 2048 });
  const nothing = () => undefined;
  const imports = { env: { memory }, adabelief: { load: nothing, store: nothing, outOfMemory: nothing } };
  const { initialize, lists } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  initialize();
  const begin = lists();
  const text = new Uint8Array(memory.buffer);
  return String.fromCharCode(...text.subarray(begin, text.indexOf(0, begin)));
}

const write = (exact, relaxed, lists) =>
  writeFileSync(
    target,
    `// Written by scripts/wasm.mjs: two forms of one WebAssembly module, in base64, and their lists.\n` +
      `"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n` +
      `exports.exact = "${exact}";\nexports.relaxed = "${relaxed}";\nexports.lists = ${JSON.stringify(lists)};\n`,
  );

const missing = spawnSync(compiler, ["--version"]).status !== 0 || !existsSync("/usr/include/wasm32-wasi");
if (missing) {
  process.stderr.write(
    `SKIPPED, not built: WebAssembly, because ${compiler} or its libraries are missing ` +
      `(apt-get install clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libclang-rt-19-dev-wasm32)\n`,
  );
  write("", "", "");
} else {
  const names = Object.keys(forms).filter((name) => only === undefined || name === only);
  const built = await build(names);
  const textOf = (name) => built[names.indexOf(name)]?.toString("base64") ?? "";
  write(textOf("exact"), textOf("relaxed"), listsOf(built[0]));
  process.stderr.write(`WebAssembly: ${names.map((name, k) => `${name} ${built[k].length} bytes`).join(", ")}\n`);
}
