// Runs before every file of tests: CUDA's driver, which is looked for once a process, is the mock driver; with ADABELIEF_TEST_GPU=1 it
// is the system's.
import { mockDriverDriver } from "./mock-driver-path";

if (process.env["ADABELIEF_TEST_GPU"] !== "1") process.env["ADABELIEF_CUDA_DRIVER"] ??= mockDriverDriver;
