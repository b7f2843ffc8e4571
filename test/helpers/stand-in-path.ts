import { join } from "node:path";

export const standInFolder = join(__dirname, "../..", process.env["ADABELIEF_TEST_BUILD"] ?? "build", "test");

/** What `ADABELIEF_CUDA_DRIVER` is to be. */
export const standInDriver = join(standInFolder, `libadabelief_stand_in_cuda.${process.platform === "darwin" ? "dylib" : "so"}`);
