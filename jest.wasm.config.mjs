// The tests on WebAssembly. ADABELIEF_WASM=exact or relaxed chooses its form.
import base, { leaveOut } from "./jest.config.mjs";

process.env["ADABELIEF_BACKEND"] = "wasm";

const native = "it is about native memory";
const threads = "WebAssembly has one thread";
const processes = "it is about threads and processes";
const javascript = "it takes long, and has little to do with the engine";

/** Suites to leave out, and why. */
const suites = {
  "cuda/.*": "WebAssembly has no CUDA",
  async: threads,
  background: threads,
  killed: threads,
  stress: threads,
  threads,
  exit: processes,
  process: processes,
  memory: native,
  "no-external-buffers": native,
  "state-in-own-hands": native,
  cli: "it names native backends",
  docs: "its programs use CUDA and native backends",
  properties: "it compares with native backends",
  "many-parameters": "they need more than 128 MiB",
  "tfjs-install": "it places the native binary",
  binary: "it is about native binaries",
  ...Object.fromEntries(
    ["checkpoint-damage", "checkpoint-kill", "compare", "pytorch-schedules", "release-check", "types"].map((name) => [
      name,
      javascript,
    ]),
  ),
};

export default { ...base, testPathIgnorePatterns: leaveOut(suites, "on WebAssembly") };
