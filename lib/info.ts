import { join, relative } from "node:path";
import { findBinary, target } from "./native/binary";
import { cpu } from "./cpu";
import { driver } from "./cuda/driver";
import { findMpi, type MpiLibrary } from "./mpi/library";
import { libc } from "./native/explain";
import { packageRoot, root } from "./native/here";
import { addon, type CudaDevice } from "./native/engine";
import { version } from "./version";
import { wasmBackend } from "./wasm/engine";

/** What `adabelief info --json` prints. */
export interface Info {
  version: string;
  node: string;
  platform: string;
  /** The C library and its version, as in "glibc 2.36". */
  libc: string;
  /** The file that was loaded, and whether it was built here or came with the package. */
  binary: { path: string; origin: "built here" | "prebuilt" | "WebAssembly" };
  backends: { name: string; supported: boolean }[];
  backend: string;
  threads: number;
  cuda: {
    available: boolean;
    /** Why not; "" where available. */
    reason: string;
    /** What the driver is made for, as in "13.0", and whether it is the tests' mock driver; null where there is none. */
    driver: { version: string; standIn: boolean } | null;
    devices: readonly CudaDevice[];
  };
  mpi: {
    available: boolean;
    /** Why not; "" where available. */
    reason: string;
    library: MpiLibrary | null;
  };
}

/** 13000 is 13.0. */
const versionText = (version: number) => `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;

function describeCuda(): Info["cuda"] {
  const { available, reason, driverVersion, standIn, devices } = driver();
  return {
    available,
    reason,
    driver: driverVersion === 0 ? null : { version: versionText(driverVersion), standIn },
    devices,
  };
}

function describeMpi(): Info["mpi"] {
  const { reason, library } = findMpi();
  return { available: library !== null, reason, library };
}

function describeBinary(): Info["binary"] {
  if (addon.backend() === wasmBackend) {
    return { path: packageRoot === undefined ? root : join(root, "dist/lib/wasm/modules.js"), origin: "WebAssembly" };
  }
  const path = findBinary();
  const isBuilt = relative(root, path).startsWith("build");
  return { path, origin: isBuilt ? "built here" : "prebuilt" };
}

/** What runs where: version, platform, the binary that was loaded, backends, threads, the GPUs and the MPI library or why there are none. */
export function info(): Info {
  return {
    version,
    node: process.version,
    platform: target,
    libc: libc(),
    binary: describeBinary(),
    backends: addon.backends(),
    backend: cpu.backend,
    threads: cpu.threads,
    cuda: describeCuda(),
    mpi: describeMpi(),
  };
}
