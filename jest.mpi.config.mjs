// The tests over MPI: several processes, started by mpirun. They need Debian's openmpi-bin and mpich.
import base from "./jest.config.mjs";

export default { ...base, roots: ["<rootDir>/test/mpi"], testMatch: ["**/*.mpi.ts"], testTimeout: 300_000 };
