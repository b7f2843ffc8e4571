import { describe, typeError } from "./errors";
import { allocate } from "./arrays/memory";
import { addon, useBackend, useThreads } from "./native/engine";

/** The processor, for the whole process. */
export const cpu = Object.seal({
  /** The instruction set that steps run on: the best one, unless ADABELIEF_BACKEND or an assignment chose another. Same bits on all. */
  get backend(): string {
    return addon.backend();
  },
  set backend(name: string) {
    if (typeof name !== "string") throw typeError("ERR_BACKEND", `cpu.backend must be a string, got ${describe(name)}`);
    useBackend(name);
  },

  /** The backends that this machine can run, best first: of "avx512", "avx2", "neon", "scalar". */
  get backends(): readonly string[] {
    return addon
      .backends()
      .filter((backend) => backend.supported)
      .map((backend) => backend.name);
  },

  allocate,

  /** How many threads a step may use; by default the cores that this process may use. ADABELIEF_THREADS sets it from outside. */
  get threads(): number {
    return addon.threads();
  },
  set threads(count: number) {
    useThreads(count);
  },
});
