// Builds the native code and its tests, the addon included, with other compilers, and runs the tests:
// compilers.mjs [commands, such as clang++-14]
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
// Apple's compiler of Xcode 14 is about Clang 14.
const compilers = process.argv.length > 2 ? process.argv.slice(2) : ["clang++-14", "clang++-16", "clang++-19"];
const headers = ["node-addon-api", "node-api-headers/include"].map((name) => join(process.cwd(), "node_modules", name));

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9 });
  if (status === 0) return stdout + stderr;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}${command}: ${error?.message ?? "failed, see above"}\n`);
  process.exit(1);
}

for (const compiler of compilers) {
  if (spawnSync(compiler, ["--version"]).status !== 0) {
    process.stderr.write(`${compiler} is missing: install it (apt-get install ${compiler.replace("++", "")})\n`);
    process.exit(1);
  }
  const folder = `build-${compiler}`;
  run(
    "cmake",
    ...["-S", ".", "-B", folder, "-DADABELIEF_TESTS=ON", "-DADABELIEF_CUDA=OFF"],
    ...[`-DCMAKE_CXX_COMPILER=${compiler}`, `-DCMAKE_JS_INC=${headers.join(";")}`],
  );
  const built = run("cmake", "--build", folder, "--parallel", "2");
  const warnings = built.split("\n").filter((line) => line.includes("warning:"));
  const tested = run("ctest", "--test-dir", folder, "--output-on-failure", "--parallel", "2");
  const [summary] = /\d+% tests passed.*/.exec(tested) ?? ["no summary"];
  console.log(`${compiler}: ${summary}, ${warnings.length} warnings`);
  for (const warning of warnings) console.log(`  ${warning}`);
}
