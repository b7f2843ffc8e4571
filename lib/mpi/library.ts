// The MPI library, looked for when it is first needed.
import { plainError } from "../errors";
import { addon, type MpiAddon } from "../native/engine";
import { wasmBackend } from "../wasm/engine";
import { libraryNames, threadReason } from "./environment";

export interface MpiLibrary {
  /** The name or path that it was loaded by. */
  readonly path: string;
  /** What it says of itself, the first line. */
  readonly version: string;
  /** "Open MPI", "MPICH" (with Intel MPI, MVAPICH and Cray MPICH) or "standard" (MPI 5). */
  readonly abi: string;
}

interface Found {
  readonly reason: string;
  readonly library: MpiLibrary | null;
}

let found: Found | undefined;

function find(): Found {
  if (addon.mpi === undefined) {
    const wasm = addon.backend() === wasmBackend;
    return {
      reason: wasm ? "adabelief runs as WebAssembly, which has no MPI" : "there is no MPI for Windows here",
      library: null,
    };
  }
  const { reason, path, version, abi } = addon.mpi.find(libraryNames());
  if (reason !== "") return { reason, library: null };
  return { reason: "", library: Object.freeze({ path, version: version.split("\n")[0] as string, abi }) };
}

/** What there is. ADABELIEF_MPI names a library; else the launcher's is looked for first. */
export const findMpi = (): Found => (found ??= find());

/** The functions of MPI. Throws where there are none. */
export function requireMpi(): MpiAddon {
  const reason = findMpi().reason || threadReason;
  if (reason !== "") throw plainError("ERR_MPI_UNAVAILABLE", `MPI cannot run here: ${reason}`);
  return addon.mpi as MpiAddon;
}
