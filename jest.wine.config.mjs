// The tests on Windows under Wine, where everything takes longer.
import base from "./jest.config.mjs";

export default { ...base, watchman: false, cacheDirectory: "build-win32-x64/jest", testTimeout: 120_000 };
