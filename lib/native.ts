// The addon: found and loaded. What it exports is written in native/addon/addon.cpp.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { platform, arch } from "node:os";
import load from "node-gyp-build";
import type { Addon, Engine } from "./addon";
import { usableCores } from "./cores";
import { describe, plainError, rangeError, warnOnce } from "./errors";
import { parseLists, readLists, type Lists } from "./native-lists";
import { loadWasmEngine, wasmBackend } from "./wasm/engine";

export * from "./addon";

/** The package's own folder, from lib/ (the sources, in tests) as from dist/lib/. */
export const root = [join(__dirname, ".."), join(__dirname, "..", "..")].find((folder) =>
  existsSync(join(folder, "package.json")),
) as string;

/** The platform as node-gyp-build names it; the variables are the ones it reads. */
export const target = `${process.env["npm_config_platform"] ?? platform()}-${process.env["npm_config_arch"] ?? arch()}`;

/** The backend that the environment names: "wasm" for WebAssembly, "native" for any other. */
const wanted = process.env["ADABELIEF_BACKEND"] ?? "";

/** Loads the binary, or WebAssembly where it is wanted or nothing else loads: with a warning that says why. */
function loadEngine(): Engine {
  if (wanted === wasmBackend) return loadWasmEngine(process.env["ADABELIEF_WASM"]);
  try {
    return load(root) as Engine;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
    const error = plainError(
      "ERR_NO_BINARY",
      `adabelief has no binary that loads on ${target} (Node ${process.version}). Build it from source, with CMake and a C++ compiler: ` +
        `npm install --no-save cmake-js@8 node-addon-api@8 && npx cmake-js compile --directory node_modules/adabelief (${reason})`,
      cause,
    );
    if (wanted !== "") throw error;
    return fallBack(error);
  }
}

/** Loads WebAssembly in the place of a binary that does not load. */
function fallBack(error: Error): Engine {
  let engine: Engine;
  try {
    engine = loadWasmEngine();
  } catch (cause) {
    error.message += `. ${(cause as Error).message}`;
    throw error;
  }
  const advice =
    "It runs as WebAssembly, with the same bits and several times slower; ADABELIEF_BACKEND=wasm chooses that without a warning";
  warnOnce("ADABELIEF_WASM", `${error.message}. ${advice}`);
  return engine;
}

/** How many state arrays each variant of a formula needs. */
export function statesOfVariants(formula: string): readonly number[] {
  return (addon.formulas[formula] as Lists["formulas"][string]).states;
}

function whyUnknown(name: string): string {
  if (name !== wasmBackend && addon.backend() !== wasmBackend) return "there is no such backend";
  const way = name === wasmBackend ? "ADABELIEF_BACKEND=wasm" : "ADABELIEF_BACKEND=native";
  return `WebAssembly or native code is chosen when adabelief is loaded: set the environment variable ${way}`;
}

/** Chooses a backend for the process, or says why not. */
export function useBackend(name: string, { byDefault = false } = {}): void {
  const refused = addon.useBackend(name, byDefault);
  if (refused === null) return;
  if (refused === "busy") throw plainError("ERR_BUSY", `Backend ${JSON.stringify(name)}: a step is under way on another thread`);
  const list = addon.backends();
  const names = list.filter((backend) => backend.supported).map((backend) => backend.name);
  const why = refused === "unknown" ? whyUnknown(name) : "this processor cannot run it";
  throw rangeError("ERR_BACKEND", `Backend ${JSON.stringify(name)}: ${why}; this machine has ${names.join(", ")}`);
}

const engine = loadEngine();
export const addon: Addon = Object.assign(engine, parseLists(engine.lists));
export const { host, rowState, stage, role, gradients, common } = readLists(addon);

/** Sets how many threads a step may use, or says why not. */
export function useThreads(count: number, { byDefault = false, what = "cpu.threads" } = {}): void {
  if (!Number.isInteger(count) || count < 1 || count > addon.maxThreads) {
    throw rangeError("ERR_THREADS", `${what} must be a whole number from 1 to ${addon.maxThreads}, got ${describe(count)}`);
  }
  if (!addon.setThreads(count, byDefault)) throw plainError("ERR_BUSY", `${what}: a step is under way on another thread`);
}

const { ADABELIEF_THREADS: threads } = process.env;
if (wanted !== "" && wanted !== "native") useBackend(wanted, { byDefault: true });
if (threads) useThreads(Number(threads), { byDefault: true, what: "ADABELIEF_THREADS" });
else useThreads(Math.min(usableCores(), addon.maxThreads), { byDefault: true });
