import { describe, rangeError, typeError } from "./errors";
import { addon, useBackend } from "./native";

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

  /** How many threads a step uses. This release has one. */
  get threads(): number {
    return 1;
  },
  set threads(count: number) {
    if (count !== 1) throw rangeError("ERR_THREADS", `cpu.threads: this release steps on 1 thread, got ${describe(count)}`);
  },
});
