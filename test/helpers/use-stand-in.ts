// Runs before every file of tests: CUDA's driver, which is looked for once a process, is the stand-in; with ADABELIEF_TEST_GPU=1 it
// is the system's.
import { standInDriver } from "./stand-in-path";

if (process.env["ADABELIEF_TEST_GPU"] !== "1") process.env["ADABELIEF_CUDA_DRIVER"] ??= standInDriver;
