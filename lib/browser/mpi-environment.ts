// Browsers have no MPI: lib/mpi/library.ts says so before any of this is asked.
export const threadReason = "";
export const libraryNames = (): readonly string[] => [];
export const launchedBy = (): readonly { readonly launcher: string; readonly size: number }[] => [];
export const whenProcessEnds = (): (() => void) => () => undefined;
