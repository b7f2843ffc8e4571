// The tests on WebAssembly. ADABELIEF_WASM=exact or relaxed chooses its form.
import base, { leaveOut } from "./jest.config.mjs";

process.env["ADABELIEF_BACKEND"] = "wasm";

/**
 * Suites about what WebAssembly does not have: CUDA, threads and leases, processes that end in a step, native memory, state that can lose
 * its memory, other backends; more parameters than 128 MiB have room for.
 */
const native = [
  ...[
    "async",
    "cli",
    "cuda/.*",
    "docs",
    "exit",
    "killed",
    "many-parameters",
    "memory",
    "no-external-buffers",
    "process",
    "properties",
    "stress",
  ],
  ...["state-in-own-hands", "tfjs-install", "threads"],
];

export default { ...base, testPathIgnorePatterns: leaveOut(native, "on WebAssembly") };
