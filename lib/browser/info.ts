import { cpu } from "../cpu";
import { driver } from "../cuda/driver";
import type { Info } from "../info";
import { findMpi } from "../mpi/library";
import { addon } from "../native/engine";

/** The package's version, which scripts/browser.mjs fills in. */
declare const ADABELIEF_VERSION: string;

/** What runs where. There is no Node here, and no file. */
export function info(): Info {
  const { available, reason, devices } = driver();
  return {
    version: ADABELIEF_VERSION,
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
