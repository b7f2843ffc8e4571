/** Suites that cannot run on Windows, nor beside a binary that was built elsewhere, and why. */
export const needingPosix = {
  "cuda.*": "CUDA's mock driver is built with the addon, of POSIX's memory maps",
  compare: "it takes long, and has little to do with the platform",
  docs: "its programs load CUDA's mock driver",
  "no-external-buffers": "it compiles a library and preloads it",
  properties: "its cases have arrays of CUDA's mock driver",
  "pytorch.*": "Python and PyTorch",
  "tfjs-install": "it links folders to each other",
  types: "it takes long, and has little to do with the platform",
};

/** The pattern of a suite's path. */
export const suite = (name) => `[/\\\\]test[/\\\\]${name}\\.test\\.ts$`;

/** Patterns of suites to leave out, which is said aloud with the reason of each. */
export function leaveOut(suites, where) {
  const lines = Object.entries(suites).map(([name, why]) => `  ${name}: ${why}\n`);
  process.stderr.write(`SKIPPED, not passed, ${where}:\n${lines.join("")}`);
  return Object.keys(suites).map(suite);
}

export default {
  testEnvironment: "node",
  maxWorkers: "100%", // by default one core fewer, which is half of two
  testTimeout: 60_000, // ends what hangs; machines that build at the same time take long over anything
  roots: ["<rootDir>/test"],
  setupFiles: ["<rootDir>/test/helpers/use-mock-driver.ts"],
  testMatch: ["**/*.test.ts"],
  transform: { "^.+\\.ts$": ["ts-jest", { tsconfig: "test/tsconfig.json" }] },
  testPathIgnorePatterns: process.platform === "win32" ? leaveOut(needingPosix, "on Windows") : ["/node_modules/"],
};
