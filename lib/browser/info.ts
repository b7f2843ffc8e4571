import { cpu } from "../cpu";
import { driver } from "../cuda/driver";
import type { Info } from "../info";
import { addon } from "../native/engine";

/** The package's version, which scripts/browser.mjs fills in. */
declare const ADABELIEF_VERSION: string;

/** Describes the engine. In a browser there is no Node and no binary file, so those fields are empty. */
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
  };
}
