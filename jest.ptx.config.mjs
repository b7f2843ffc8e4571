// The tests of bits once more, with the kernels' PTX on the mock driver: test/cuda/ptx/.
import { existsSync } from "node:fs";
import base from "./jest.config.mjs";

const folder = "build/ptx";
const built = existsSync(`${folder}/test/mock_driver_control.node`);
process.env["ADABELIEF_TEST_BUILD"] = folder;
if (!built) process.stderr.write("SKIPPED, not passed: the kernels' PTX, because nvcc was not found when the addon was built\n");

const tests = ["array-work", "golden", "graphs", "same-bits", "large", "large-sums", "moves", "sparse"];
export default {
  ...base,
  testMatch: tests.map((name) => `<rootDir>/test/cuda/${name}.test.ts`),
  testPathIgnorePatterns: built ? [] : ["."],
  passWithNoTests: !built,
};
