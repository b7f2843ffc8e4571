// The tests of a prebuilt binary on a machine that has built nothing: PREBUILDS_ONLY=1 npx jest --config jest.prebuilt.config.mjs
import base, { leaveOut, needingPosix } from "./jest.config.mjs";

export default {
  ...base,
  testTimeout: 60_000,
  testPathIgnorePatterns: leaveOut(needingPosix, "without what is built beside the binary"),
};
