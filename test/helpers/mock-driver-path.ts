import { join } from "node:path";

export const mockDriverFolder = join(__dirname, "../..", process.env["ADABELIEF_TEST_BUILD"] ?? "build", "test");

/** What `ADABELIEF_CUDA_DRIVER` is to be. */
export const mockDriverDriver = join(
  mockDriverFolder,
  `libadabelief_mock_cuda.${process.platform === "darwin" ? "dylib" : "so"}`,
);
