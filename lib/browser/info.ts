import { cpu } from "../cpu";
import { driver } from "../cuda/driver";
import type { Info } from "../info";
import { findMpi } from "../mpi/library";
import { addon } from "../native/engine";
import { version } from "../version";

/** Describes the engine. In a browser there is no Node and no binary file, so those fields are empty. */
export function info(): Info {
  const { available, reason, devices } = driver();
  return {
    version,
    node: "",
    platform: "browser",
    libc: "unknown",
    binary: { path: "", origin: "WebAssembly" },
    backends: addon.backends(),
    backend: cpu.backend,
    threads: cpu.threads,
    cuda: { available, reason, driver: null, devices },
    mpi: { available: false, reason: findMpi().reason, library: null },
  };
}
