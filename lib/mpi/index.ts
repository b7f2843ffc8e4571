import { findMpi, type MpiLibrary } from "./library";
import { openWorld, type World, type WorldOptions } from "./world";

export type { MpiLibrary } from "./library";
export { Sharded, type ShardedOptions } from "./sharded";
export type { World, WorldOptions } from "./world";

/** MPI: processes that were started together, on one machine or on many. The library is looked for when one of these is first used. */
export const mpi = Object.freeze({
  /** Whether there is an MPI library. */
  get available(): boolean {
    return findMpi().reason === "";
  },

  /** Why not, in words. "" where available. */
  get reason(): string {
    return findMpi().reason;
  },

  /** The library that was found, or null. */
  get library(): MpiLibrary | null {
    return findMpi().library;
  },

  /**
   * Joins the processes that `mpirun` started. A process that no launcher started is rank 0 of 1, so a script runs unchanged without one.
   * Every rank must call it, once.
   *
   * @param options `timeout`: seconds without an answer after which a call gives up, default 600; `color`: which processes of the job
   *   make a world, default all
   * @throws never: the promise is rejected with ERR_MPI_UNAVAILABLE, ERR_MPI_LAUNCHER where another MPI's launcher started this process,
   *   ERR_MPI_TIMEOUT, ERR_MPI_LOST, ERR_BUSY where it was called before, or ERR_INVALID_OPTION
   */
  world(options: WorldOptions = {}): Promise<World> {
    return openWorld(options);
  },
});
