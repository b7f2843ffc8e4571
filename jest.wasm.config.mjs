// The tests on WebAssembly. ADABELIEF_WASM=exact or relaxed chooses its form.
import base from "./jest.config.mjs";

process.env["ADABELIEF_BACKEND"] = "wasm";

/** Suites about what WebAssembly does not have: CUDA, threads and leases, processes that end in a step, native memory, other backends. */
const native = [
  ...["async", "cli", "cuda/.*", "docs", "exit", "killed", "memory", "no-external-buffers", "process", "properties", "stress"],
  ...["tfjs-install", "threads"],
];
process.stderr.write(`SKIPPED, not passed, on WebAssembly: ${native.join(", ")}\n`);

export default { ...base, testPathIgnorePatterns: native.map((name) => `<rootDir>/test/${name}\\.test\\.ts$`) };
