// The addon: found, loaded, and given types. What it exports is written in native/addon/addon.cpp.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { platform, arch } from "node:os";
import load from "node-gyp-build";
import { usableCores } from "./cores";
import { describe, plainError, rangeError } from "./errors";

/** What prevents a step: [row, role, other row, other role] for an overlap, [row, role] for memory that another step is using. */
export type Obstacle = readonly [number, number, number, number] | readonly [number, number];

/** See native/addon/table_object.h. */
export interface Table {
  resize(rows: number): void;
  shape(row: number, dimensions: number, first: number): void;
  bind(
    row: number,
    length: number,
    data: Float32Array,
    out: Float32Array,
    grad: Float32Array | null,
    state0: Float32Array | null,
    state1: Float32Array | null,
    state2: Float32Array | null,
    slow: Float32Array | null,
  ): number;
  bindGrads(rows: Int32Array, grads: readonly (Float32Array | null)[], count: number): number;
  setWork(
    setOfRow: Int32Array,
    variants: Int32Array,
    stages: Int32Array,
    coefficients: Float32Array,
    gradients: Float64Array,
  ): void;
  step(sets: number): Obstacle | null;
  stepAsync(sets: number, owners: readonly object[]): Promise<undefined> | Obstacle;
}

/** Why an array was refused, in the order of native/addon/memory.h. */
export const memory = ["fine", "not_float32", "detached", "other_length"] as const;

/** What an array is to its parameter, in the order of native/cpu/table.h; from `state` on they are state arrays, `slow` Lookahead's. */
export const role = { data: 0, out: 1, grad: 2, state: 3, slow: 6 } as const;

/** What happens around a formula, one bit each, as in native/cpu/table.h. */
export const stage = { centralize: 1, centralizeConv: 2, begin: 4, blend: 8 } as const;

/** What a step does to all gradients and what it found, by place in an array of numbers: Gradients in native/cpu/table.h. */
export const gradients = { scale: 0, maxNorm: 1, skipNonFinite: 2, norm: 3, skipped: 4, count: 5 } as const;

export interface Addon {
  Table: new (formula: string) => Table;
  backends(): { name: string; supported: boolean }[];
  backend(): string;
  lastRan(): string;
  useBackend(name: string, byDefault: boolean): 0 | 1 | 2 | 3;
  allocate(length: number, like?: Float32Array): Float32Array | null;
  accumulate(into: Float32Array, sources: readonly Float32Array[], scale: number): number;
  read(arrays: readonly Float32Array[]): number;
  norm(arrays: readonly Float32Array[], order: number): number;
  scale(arrays: readonly Float32Array[], factor: number): void;
  overlap(arrays: readonly Float32Array[]): readonly [number, number] | null;
  leased(array: Float32Array, writing: boolean): boolean;
  threads(): number;
  setThreads(count: number, byDefault: boolean): boolean;
  readonly maxThreads: number;
  formulas(): Record<string, { coefficients: number; states: number[] }>;
  readonly commonCoefficients: number;
  readonly maxCoefficients: number;
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

/** In the place of a set of coefficients, as in native/cpu/table.h. */
export const rowState = { skipped: -1, ignored: -2 } as const;

/** How many state arrays each variant of a formula needs. */
export function statesOfVariants(formula: string): readonly number[] {
  return (addon.formulas()[formula] as { states: number[] }).states;
}

/** Chooses a backend for the process, or says why not. */
export function useBackend(name: string, { byDefault = false } = {}): void {
  const chosen = addon.useBackend(name, byDefault);
  if (chosen === 0) return;
  if (chosen === 3) throw plainError("ERR_BUSY", `Backend ${JSON.stringify(name)}: a step is under way on another thread`);
  const list = addon.backends();
  const names = list.filter((backend) => backend.supported).map((backend) => backend.name);
  const why = chosen === 1 ? "there is no such backend" : "this processor cannot run it";
  throw rangeError("ERR_BACKEND", `Backend ${JSON.stringify(name)}: ${why}; this machine has ${names.join(", ")}`);
}

export const addon: Addon = loadAddon();

/** Refuses to write to an array that a step under way on another thread is using. */
export function requireUnleased(array: Float32Array, what: string): void {
  if (!addon.leased(array, true)) return;
  throw plainError("ERR_LEASED", `${what} is in use by a step under way on another thread; await stepAsync() first`);
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
