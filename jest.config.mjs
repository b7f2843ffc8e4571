/** Suites that need CUDA's mock driver, which is made of POSIX's memory maps, or start Python or compilers of this machine. */
export const needingPosix = [
  "cuda.*",
  "compare",
  "docs",
  "no-external-buffers",
  "properties",
  "pytorch.*",
  "tfjs-install",
  "types",
];

/** The pattern of a suite's path. */
export const suite = (name) => `[/\\\\]test[/\\\\]${name}\\.test\\.ts$`;

/** Patterns of suites to leave out, which is said aloud. */
export function leaveOut(names, where) {
  process.stderr.write(`SKIPPED, not passed, ${where}: ${names.join(", ")}\n`);
  return names.map(suite);
}

export default {
  testEnvironment: "node",
  testTimeout: 60_000, // ends what hangs; machines that build at the same time take long over anything
  roots: ["<rootDir>/test"],
  setupFiles: ["<rootDir>/test/helpers/use-mock-driver.ts"],
  testMatch: ["**/*.test.ts"],
  transform: { "^.+\\.ts$": ["ts-jest", { tsconfig: "test/tsconfig.json" }] },
  testPathIgnorePatterns: process.platform === "win32" ? leaveOut(needingPosix, "on Windows") : ["/node_modules/"],
};
