// What breaks most often: bits, options, errors, state dicts, checkpoints, Lookahead, schedules, TensorFlow.js, the engine for CUDA.
import releases from "./jest.releases.config.mjs";
import { suite } from "./jest.config.mjs";

/** Suites that start many processes, or Python, or take long for another reason. */
const slow = [
  ...["binary", "checkpoint-memory", "checkpoint-pytorch", "cli", "exit", "process", "properties", "pytorch.*", "release-check"],
  ...["stress", "tfjs-install", "threads", "wasm-memory"],
  ...["available", "bench", "ipc", "lost"].map((name) => `cuda/${name}`),
];

export default { ...releases, testPathIgnorePatterns: [...releases.testPathIgnorePatterns, ...slow.map(suite)] };
