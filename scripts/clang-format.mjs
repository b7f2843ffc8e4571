// Checks the layout of the C++ files, or with --write mends it. clang-format comes from the system (Debian: clang-format).
import { spawnSync } from "node:child_process";

const { stdout } = spawnSync("git", ["ls-files", "*.h", "*.cpp", "*.cu"], { encoding: "utf8" });
const mode = process.argv.includes("--write") ? ["-i"] : ["--dry-run", "--Werror"];
const { status, error } = spawnSync("clang-format", [...mode, ...stdout.trim().split("\n")], { stdio: "inherit" });
if (error !== undefined) process.stderr.write("clang-format is missing: install it (apt-get install clang-format)\n");
process.exit(status ?? 1);
