// What MPI needs of the process. lib/browser/mpi-environment.ts stands for it in browsers.
import { platform } from "node:os";
import { isMainThread } from "node:worker_threads";

/** Why this thread cannot have MPI; "" where it can. */
export const threadReason = isMainThread ? "" : "MPI is called from the main thread, and this is a worker; exchange there";

/** Libraries by their ABI: the names that the system's loader knows them by. */
const names = {
  standard: ["libmpi_abi.so.0"],
  openMpi: ["libmpi.so.40", "libmpi.so.80"],
  mpich: ["libmpi.so.12", "libmpich.so.12"],
  any: ["libmpi.so"],
};

/** As macOS names them. */
const forMac = (name: string) => name.replace(/\.so\.?(\d*)$/, (_, version: string) => `${version && `.${version}`}.dylib`);

/** The number of ranks that a launcher says there are, by its variable. Hydra is MPICH's; Slurm sets the same for PMI. */
const launchers = { OMPI_COMM_WORLD_SIZE: "Open MPI's mpirun", PMI_SIZE: "MPICH's mpiexec, or Slurm" } as const;

/** The libraries to look for, in this order: the one that ADABELIEF_MPI names; else the launcher's own first. */
export function libraryNames(): readonly string[] {
  const { env } = process;
  const named = env["ADABELIEF_MPI"] ?? "";
  if (named !== "") return [named];
  const { standard, openMpi, mpich, any } = names;
  const ofMpich = env["OMPI_COMM_WORLD_SIZE"] === undefined && env["PMI_SIZE"] !== undefined;
  const all = ofMpich ? [...mpich, ...standard, ...openMpi, ...any] : [...openMpi, ...standard, ...mpich, ...any];
  return platform() === "darwin" ? all.map(forMac) : all;
}

/** Who started this process as one of how many, as far as launchers say so. */
export function launchedBy(): readonly { readonly launcher: string; readonly size: number }[] {
  return Object.entries(launchers).flatMap(([variable, launcher]) => {
    const size = Number(process.env[variable] ?? "");
    return Number.isInteger(size) && size > 0 ? [{ launcher, size }] : [];
  });
}

/** Calls `act` with the exit code when the process ends. Returns a function that forgets it. */
export function whenProcessEnds(act: (code: number) => void): () => void {
  process.on("exit", act);
  return () => void process.off("exit", act);
}
