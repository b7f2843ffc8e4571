// Processes that are started together by an MPI launcher.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..");

export interface Launcher {
  readonly name: string;
  readonly command: string;
  readonly flags: readonly string[];
  readonly library: string;
}

const launchers: readonly Launcher[] = [
  {
    name: "Open MPI",
    command: "mpirun.openmpi",
    flags: ["--oversubscribe", "--bind-to", "none"],
    library: "libmpi.so.40",
  },
  { name: "MPICH", command: "mpiexec.mpich", flags: [], library: "libmpich.so.12" },
];

/** The library for tests, which has the standard ABI and hands calls on to MPICH; it fails or stalls as ADABELIEF_TEST_MPI says. */
const testLibrary = join(
  root,
  process.env["ADABELIEF_TEST_BUILD"] ?? "build",
  "test",
  `libadabelief_test_mpi.${process.platform === "darwin" ? "dylib" : "so"}`,
);

const works = ({ command }: Launcher) => spawnSync(command, ["--version"]).status === 0;

/** Those that are installed here. */
export const installed = launchers.filter(works);

for (const { name, command } of launchers.filter((one) => !installed.includes(one))) {
  process.stderr.write(`SKIPPED, not passed: tests over ${name}, whose ${command} is not installed\n`);
}

/** MPICH's launcher with the library for tests. */
export const standardLauncher = installed
  .filter(({ name }) => name === "MPICH")
  .map((launcher) => ({ ...launcher, name: "standard", library: testLibrary }));

/** A suite for every launcher that is installed. */
export const eachLauncher = (suite: (launcher: Launcher) => void): void => {
  for (const launcher of installed) describe(`over ${launcher.name}`, () => suite(launcher));
  if (installed.length === 0) it.todo("needs an MPI launcher");
};

export interface Outcome<T> {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What each rank passed to `result`; undefined where it did not come to that. */
  readonly results: readonly (T | undefined)[];
}

export interface Options {
  ranks: number;
  /** For the script, as `given`. */
  given?: unknown;
  env?: Record<string, string>;
  /** After how many seconds the job is killed, which no test expects. */
  deadline?: number;
}

/** What every script begins with. */
const prelude = (given: unknown) => `
  const adabelief = require(${JSON.stringify(root)});
  const { mpi, Sharded } = require(${JSON.stringify(join(root, "dist/lib/mpi/index.js"))});
  const given = ${JSON.stringify(given ?? null)};
  const result = (rank, value) => {
    require("node:fs").writeFileSync(process.env.RESULTS + "/" + rank + ".json", JSON.stringify(value));
  };
  const hashOf = (...arrays) => {
    const hash = require("node:crypto").createHash("sha256");
    for (const array of arrays) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return hash.digest("hex").slice(0, 16);
  };
`;

type Ended = Pick<Outcome<never>, "status" | "signal" | "stdout" | "stderr">;

type Settings = Pick<Options, "env" | "deadline">;

/** Starts a job. */
function launch({ command, flags, library }: Launcher, args: readonly string[], { env = {}, deadline = 60 }: Settings): Ended {
  return spawnSync(command, [...flags, ...args], {
    encoding: "utf8",
    timeout: deadline * 1000,
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      ADABELIEF_MPI: library,
      ADABELIEF_THREADS: "1",
      ...env,
    },
  });
}

/** Runs Node on ranks. */
export const run = (launcher: Launcher, ranks: number, args: readonly string[], settings: Settings = {}): Ended =>
  launch(launcher, ["-n", String(ranks), process.execPath, ...args], settings);

/** Some ranks of a job: of JavaScript, the body of an async function; or of another program. */
export type Part = { ranks: number } & ({ script: string; given?: unknown } | { command: readonly string[] });

/** Runs several programs as one job. */
export function runJob(launcher: Launcher, parts: readonly Part[], settings: Settings = {}): Ended {
  const args = parts.flatMap((part, k) => {
    const command = "command" in part ? part.command : [process.execPath, "--eval", wholeOf(part.script, part.given)];
    return [...(k === 0 ? [] : [":"]), ...(k === 0 ? [] : launcher.flags), "-n", String(part.ranks), ...command];
  });
  return launch(launcher, args, settings);
}

const wholeOf = (body: string, given: unknown): string =>
  `${prelude(given)} (async () => { ${body} })().catch((error) => { console.error(error); process.exit(1); });`;

/** Runs JavaScript on ranks. The body of an async function: `mpi`, `Sharded` and the package as `adabelief` are there. */
export function runRanks<T>(launcher: Launcher, body: string, { ranks, given, env, deadline }: Options): Outcome<T> {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-"));
  const options = { env: { RESULTS: folder, ...env }, ...(deadline === undefined ? {} : { deadline }) };
  const { status, signal, stdout, stderr } = run(launcher, ranks, ["--eval", wholeOf(body, given)], options);
  const results = Array.from({ length: ranks }, (_, rank) => {
    const path = join(folder, `${rank}.json`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : undefined;
  });
  rmSync(folder, { recursive: true, force: true });
  return { status, signal, stdout, stderr, results };
}

/** The same for a job that must end well: what each rank passed to `result`. */
export function resultsOf<T>(launcher: Launcher, body: string, options: Options): T[] {
  const { status, signal, stdout, stderr, results } = runRanks<T>(launcher, body, options);
  if (status !== 0) throw new Error(`exit ${status ?? signal}: ${stdout}${stderr}`);
  return results.map((value, rank) => {
    if (value === undefined) throw new Error(`rank ${rank} gave no result: ${stderr}`);
    return value;
  });
}
