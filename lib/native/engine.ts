// The engine in use, native code or WebAssembly, and what it is told when it is loaded.
import type { Addon } from "./addon";
import { usableCores } from "./cores";
import { describe, errorBrand, plainError, rangeError } from "../errors";
import { loadEngine, wanted } from "./load";
import { parseLists, readLists, type Lists } from "./lists";
import { wasmBackend } from "../wasm/engine";

export * from "./addon";

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
  const choice = addon.useBackend(name, byDefault);
  if (choice === backendChoice.chosen) return;
  if (choice === backendChoice.busy)
    throw plainError("ERR_BUSY", `Backend ${JSON.stringify(name)}: a step is under way on another thread`);
  const list = addon.backends();
  const names = list.filter((backend) => backend.supported).map((backend) => backend.name);
  const why = choice === backendChoice.unknown ? whyUnknown(name) : "this processor cannot run it";
  throw rangeError("ERR_BACKEND", `Backend ${JSON.stringify(name)}: ${why}; this machine has ${names.join(", ")}`);
}

const engine = loadEngine();
export const addon: Addon = Object.assign(engine, parseLists(engine.lists));
export const { host, rowState, stage, role, gradients, common, live, operation, problem, elementType, backendChoice } =
  readLists(addon);
addon.cuda.brandErrors(errorBrand);

/** Sets how many threads a step may use, or says why not. */
export function useThreads(count: number, { byDefault = false, what = "cpu.threads", given = describe(count) } = {}): void {
  if (!Number.isInteger(count) || count < 1 || count > addon.maxThreads) {
    throw rangeError("ERR_THREADS", `${what} must be a whole number from 1 to ${addon.maxThreads}, got ${given}`);
  }
  if (!addon.setThreads(count, byDefault)) throw plainError("ERR_BUSY", `${what}: a step is under way on another thread`);
}

const { backend, threads } = wanted;
if (backend !== "" && backend !== "native") useBackend(backend, { byDefault: true });
const fromOutside = { byDefault: true, what: "ADABELIEF_THREADS", given: JSON.stringify(threads) };
if (threads) useThreads(Number(threads), fromOutside);
else useThreads(Math.min(usableCores(), addon.maxThreads), { byDefault: true });
