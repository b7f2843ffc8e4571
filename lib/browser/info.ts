import { cpu } from "../cpu";
import { driver } from "../cuda/driver";
import type { Info } from "../info";
import { addon } from "../native/engine";
import { version } from "../version";

/** What runs where. There is no Node here, and no file. */
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
  };
}
