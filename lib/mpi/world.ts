/// <reference lib="esnext.disposable" preserve="true" />
import { describe, plainError, rangeError, typeError } from "../errors";
import type { MpiAddon, MpiFailure } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import { call, encode, errorOf } from "./agreement";
import { launchedBy, whenProcessEnds } from "./environment";
import { findMpi, requireMpi } from "./library";

export interface WorldOptions {
  /** Seconds without an answer from the other ranks after which a call gives up (ERR_MPI_TIMEOUT). Default 600. */
  timeout?: number;
  /**
   * A whole number from 0 to 2147483647: the world is of the processes that give the same one, numbered in their order. For a job with
   * processes of another kind, all of which must call MPI_Comm_split over MPI_COMM_WORLD once. Default: all processes of the job.
   */
  color?: number;
}

/** What sharding needs of a world: rank and size, and native code's exchanges. Another transport would be another one of these. */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  readonly calls: MpiAddon;
  /** Throws where the world is closed. */
  requireOpen(): void;
}

const transports = new WeakMap<object, Transport>();

/** What a world exchanges by, checked. */
export function transportOf(world: unknown): Transport {
  const transport = transports.get(world as object);
  if (transport !== undefined) return transport;
  throw typeError("ERR_INVALID_OPTION", `Sharded takes the world that mpi.world() resolved to, got ${describe(world)}`);
}

/** The processes that were started together. */
export class World {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  readonly #calls: MpiAddon;
  readonly #forgetExit: () => void;
  #closing: Promise<void> | undefined;

  constructor(calls: MpiAddon, rank: number, size: number, forgetExit: () => void) {
    this.rank = rank;
    this.size = size;
    this.#calls = calls;
    this.#forgetExit = forgetExit;
    transports.set(this, { rank, size, calls, requireOpen: () => this.#requireOpen() });
  }

  /**
   * Waits for the other ranks to do the same, and ends MPI. A process that ends without it ends the whole job: others would wait for it.
   *
   * @throws never: the promise is rejected with ERR_MPI_DISAGREE where another rank does something else, and the world stays open; with
   *   ERR_MPI_TIMEOUT or ERR_MPI_LOST
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const failure = await this.#calls.agree(true, encode({ call: call.close }), "", -1);
    if (failure !== undefined) this.#closing = undefined;
    requireSuccess(failure);
    requireSuccess(await this.#calls.end());
    this.#forgetExit();
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw plainError("ERR_DISPOSED", "This world was closed");
  }
}

/** Throws the error of a failure. */
export function requireSuccess(failure: MpiFailure | undefined): void {
  if (failure !== undefined) throw errorOf(failure);
}

let opened = false;

/** See `mpi.world`. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  requireObject(options, "The options of mpi.world");
  refuseUnknownKeys(options, ["timeout", "color"], "mpi.world");
  const timeout = readTimeout((options as WorldOptions).timeout);
  const color = readColor((options as WorldOptions).color);
  const calls = requireMpi();
  if (opened) throw plainError("ERR_BUSY", "This process has or had its world: MPI starts once in a process. Pass that world on");
  opened = true;
  calls.setTimeout(timeout);
  let size = 0; // of the job
  const forgetExit = whenProcessEnds((code) => {
    if (size === 1) return; // nobody waits
    if (size > 1) console.error("adabelief: this rank ends without world.close(), so all ranks are ended");
    calls.abort(code);
  });
  const numbers = new Int32Array(3);
  requireSuccess(await withDeadline(calls.start(numbers, color)));
  const [rank, ranks, processes] = numbers as unknown as [number, number, number];
  size = processes;
  await requireLauncher(calls, processes);
  return new World(calls, rank, ranks, forgetExit);
}

function readColor(color: unknown): number {
  if (color === undefined) return -1;
  if (typeof color !== "number") throw typeError("ERR_INVALID_OPTION", `color must be a number, got ${describe(color)}`);
  if (Number.isInteger(color) && color >= 0 && color < 2 ** 31) return color;
  throw rangeError("ERR_INVALID_OPTION", `color must be a whole number from 0 to 2147483647, got ${color}`);
}

function readTimeout(timeout: unknown = 600): number {
  if (typeof timeout !== "number") throw typeError("ERR_INVALID_OPTION", `timeout must be a number, got ${describe(timeout)}`);
  if (timeout > 0 && timeout <= 1e6) return timeout;
  throw rangeError("ERR_INVALID_OPTION", `timeout must be a number of seconds above 0, at most 1e6, got ${timeout}`);
}

/** Milliseconds in which the end of a start that has ended must arrive. */
const grace = 1000;

/** Native code has waited for the start as long as the timeout allows; it cannot be asked how far it is. */
async function withDeadline(started: Promise<MpiFailure | undefined>): Promise<MpiFailure | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = plainError("ERR_MPI_TIMEOUT", "MPI did not start before the timeout: did all ranks call mpi.world()?");
    timer = setTimeout(() => reject(error), grace);
  });
  try {
    return await Promise.race([started, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Under the launcher of another MPI every process is alone in its world, and all of them would train the same. */
async function requireLauncher(calls: MpiAddon, size: number): Promise<void> {
  const said = launchedBy();
  const [first] = said;
  if (first === undefined || said.some((one) => one.size === size)) return;
  if (size === 1) await calls.end();
  const { path, abi } = findMpi().library ?? { path: "", abi: "" };
  const what = `${first.launcher} started ${first.size} processes, and ${path} (${abi}) sees ${size}`;
  throw plainError(
    "ERR_MPI_LAUNCHER",
    `${what}: use the launcher of that library, or name the launcher's library in ADABELIEF_MPI`,
  );
}
