// The tests on Windows under Wine, where everything takes longer.
import base from "./jest.config.mjs";

/** Suites that need POSIX: the mock driver is made of its memory maps, and others start Python or compilers of this machine. */
const posix = ["cuda.*", "compare", "docs", "no-external-buffers", "properties", "pytorch.*", "tfjs-install", "types"];
process.stderr.write(`SKIPPED, not passed, on Windows: ${posix.join(", ")}\n`);

export default {
  ...base,
  watchman: false,
  cacheDirectory: "build-win32-x64/jest",
  testTimeout: 120_000,
  testPathIgnorePatterns: posix.map((name) => `[/\\\\]test[/\\\\]${name}\\.test\\.ts$`),
};
