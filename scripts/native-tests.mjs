// Builds and runs the native tests, which need no Node: native-tests.mjs [sanitizers, as in "address,undefined"]
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const sanitize = process.argv[2] ?? "";
const folder = sanitize ? `build-${sanitize.replaceAll(",", "-")}` : "build-tests";

function run(quiet, command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", stdio: quiet ? "pipe" : "inherit" });
  if (status === 0) return;
  process.stderr.write(
    `${stdout ?? ""}${stderr ?? ""}${error ? `${command} is missing: install it (apt-get install cmake)\n` : ""}`,
  );
  process.exit(1);
}

const toolset = process.platform === "win32" ? ["-T", "ClangCL"] : [];
run(true, "cmake", "-S", ".", "-B", folder, ...toolset, "-DADABELIEF_TESTS=ON", `-DADABELIEF_SANITIZE=${sanitize}`);
run(true, "cmake", "--build", folder, "--parallel", "2", "--config", "Release");
run(false, "ctest", "--test-dir", folder, "--output-on-failure", "--build-config", "Release", "--parallel", "2");
