// The tests on Windows under Wine, where everything takes longer.
import base from "./jest.config.mjs";

/** Suites that need POSIX: the mock driver is made of its memory maps. The processor's Python and compilers are this machine's. */
const posix = ["cuda.*", "pytorch.*", "types", "docs", "compare", "tfjs-install"];

export default {
  ...base,
  watchman: false,
  cacheDirectory: "build-win32-x64/jest",
  testTimeout: 120_000,
  testPathIgnorePatterns: posix.map((name) => `[/\\\\]test[/\\\\]${name}\\.test\\.ts$`),
};
