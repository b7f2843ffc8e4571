// The addon: found, loaded, and given types. What it exports is written in native/addon/addon.cpp.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { platform, arch } from "node:os";
import load from "node-gyp-build";
import { usableCores } from "./cores";
import { describe, plainError, rangeError } from "./errors";
import { readLists, type Lists } from "./native-lists";

/** What prevents a step: an overlap of two arrays, or one array that another step is using. */
export interface Obstacle {
  readonly row: number;
  readonly role: number;
  readonly otherRow?: number;
  readonly otherRole?: number;
}

/** Memory on a device: opaque here, tagged and checked by the addon, given back with its last owner. */
export interface DeviceMemory {
  readonly deviceMemory: unique symbol;
}

/** What stands for an array of floats in native code. */
export type NativeFloats = Float32Array | DeviceMemory;

/** See native/addon/table_object.h. `device` is `host` or the number of the device that all arrays of the row lie on; why an array was
 * refused is a `problem`. */
export interface Table {
  resize(rows: number): void;
  shape(row: number, dimensions: number, first: number): void;
  bind(
    row: number,
    length: number,
    device: number,
    data: NativeFloats,
    out: NativeFloats,
    grad: NativeFloats | null,
    state0: NativeFloats | null,
    state1: NativeFloats | null,
    state2: NativeFloats | null,
    slow: NativeFloats | null,
  ): { problem: number; role: number } | null;
  bindGrads(rows: Int32Array, grads: readonly (NativeFloats | null)[], count: number): { problem: number; index: number } | null;
  setStream(stream: bigint): void;
  synchronize(): void;
  setRequest(
    setOfRow: Int32Array,
    variants: Int32Array,
    stages: Int32Array,
    coefficients: Float32Array,
    gradients: Float64Array,
  ): void;
  step(sets: number): Obstacle | null;
  stepAsync(sets: number, owners: readonly object[]): Promise<undefined> | Obstacle;
}

/** What the driver says of a device. */
export interface CudaDevice {
  /** As in "NVIDIA H200". */
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  /** As in "9.0". */
  readonly computeCapability: string;
}

/** What was found when the driver was looked for. */
export interface CudaDriver {
  readonly available: boolean;
  /** Why not, in words; "" where available. */
  readonly reason: string;
  /** 13000 is CUDA 13.0; 0: no driver. */
  readonly driverVersion: number;
  /** Whether it is the library made for tests, which runs the kernels on the processor. */
  readonly standIn: boolean;
  readonly devices: readonly CudaDevice[];
}

/** See native/addon/cuda_memory.cpp. Streams are the driver's handles, 0n the legacy default stream. */
export interface CudaAddon {
  load(path: string): CudaDriver;
  allocate(device: number, length: number, stream: bigint): DeviceMemory;
  wrap(pointer: bigint, length: number, device: number): DeviceMemory;
  openIpc(handle: Uint8Array, offset: number, length: number, device: number): DeviceMemory;
  ipcHandle(memory: DeviceMemory): { handle: Uint8Array; offset: number };
  pointer(memory: DeviceMemory): bigint;
  read(memory: DeviceMemory, into: Float32Array, stream: bigint): void;
  readAsync(memory: DeviceMemory, into: Float32Array, stream: bigint): Promise<undefined>;
  write(memory: DeviceMemory, from: Float32Array, stream: bigint): void;
  fill(memory: DeviceMemory, stream: bigint): void;
  free(memory: DeviceMemory): void;
}

export interface Addon extends Lists {
  readonly cuda: CudaAddon;
  Table: new (formula: string) => Table;
  backends(): { name: string; supported: boolean }[];
  backend(): string;
  lastRan(): string;
  /** A `backendChoice`. */
  useBackend(name: string, byDefault: boolean): number;
  allocate(length: number, like?: Float32Array): Float32Array | null;
  accumulate(into: Float32Array, sources: readonly Float32Array[], scale: number): number | null;
  read(arrays: readonly Float32Array[]): number;
  norm(arrays: readonly Float32Array[], order: number): number;
  scale(arrays: readonly Float32Array[], factor: number): void;
  overlap(arrays: readonly NativeFloats[]): readonly [number, number] | null;
  leased(array: NativeFloats, writing: boolean): boolean;
  threads(): number;
  setThreads(count: number, byDefault: boolean): boolean;
  readonly maxThreads: number;
}

/** The package's own folder, from lib/ (the sources, in tests) as from dist/lib/. */
export const root = [join(__dirname, ".."), join(__dirname, "..", "..")].find((folder) =>
  existsSync(join(folder, "package.json")),
) as string;

/** The platform as node-gyp-build names it; the variables are the ones it reads. */
export const target = `${process.env["npm_config_platform"] ?? platform()}-${process.env["npm_config_arch"] ?? arch()}`;

function loadAddon(): Addon {
  try {
    return load(root) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
    throw plainError(
      "ERR_NO_BINARY",
      `adabelief has no binary that loads on ${target} (Node ${process.version}). Build it from source, with CMake and a C++ compiler: ` +
        `npm install --no-save cmake-js@8 node-addon-api@8 && npx cmake-js compile --directory node_modules/adabelief (${reason})`,
      cause,
    );
  }
}

/** Chooses a backend for the process, or says why not. */
export function useBackend(name: string, { byDefault = false } = {}): void {
  const choice = addon.useBackend(name, byDefault);
  if (choice === backendChoice.chosen) return;
  if (choice === backendChoice.busy)
    throw plainError("ERR_BUSY", `Backend ${JSON.stringify(name)}: a step is under way on another thread`);
  const list = addon.backends();
  const names = list.filter((backend) => backend.supported).map((backend) => backend.name);
  const why = choice === backendChoice.unknown ? "there is no such backend" : "this processor cannot run it";
  throw rangeError("ERR_BACKEND", `Backend ${JSON.stringify(name)}: ${why}; this machine has ${names.join(", ")}`);
}

export const addon: Addon = loadAddon();
export const { host, rowState, stage, role, gradients, common, problem, backendChoice } = readLists(addon);

/** How many state arrays each variant of a formula needs. */
export function statesOfVariants(formula: string): readonly number[] {
  return (addon.formulas[formula] as Lists["formulas"][string]).states;
}

/** Sets how many threads a step may use, or says why not. */
export function useThreads(count: number, { byDefault = false, what = "cpu.threads" } = {}): void {
  if (!Number.isInteger(count) || count < 1 || count > addon.maxThreads) {
    throw rangeError("ERR_THREADS", `${what} must be a whole number from 1 to ${addon.maxThreads}, got ${describe(count)}`);
  }
  if (!addon.setThreads(count, byDefault)) throw plainError("ERR_BUSY", `${what}: a step is under way on another thread`);
}

const { ADABELIEF_BACKEND: backend, ADABELIEF_THREADS: threads } = process.env;
if (backend) useBackend(backend, { byDefault: true });
if (threads) useThreads(Number(threads), { byDefault: true, what: "ADABELIEF_THREADS" });
else useThreads(Math.min(usableCores(), addon.maxThreads), { byDefault: true });
