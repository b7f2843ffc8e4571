// The engine for Node: the binary, found and loaded, or WebAssembly. lib/browser/load.ts takes its place in browsers.
import { constants } from "node:buffer";
import type { Engine } from "./addon";
import { loadBinary } from "./binary";
import { explain } from "./explain";
import { plainError, warnOnce } from "../errors";
import { loadWasmEngine, wasmBackend } from "../wasm/engine";
import { requireForm } from "../wasm/start";

/** What the environment asks for. The backend is "wasm" for WebAssembly, "native" for any other, or the name of one. */
export const wanted = {
  backend: process.env["ADABELIEF_BACKEND"] ?? "",
  threads: process.env["ADABELIEF_THREADS"] ?? "",
};

/** The library to load in the place of NVIDIA's driver; "" for none. */
export const cudaDriver = (): string => process.env["ADABELIEF_CUDA_DRIVER"] ?? "";

/** The most bytes that a buffer may have. */
export const largestBuffer = constants.MAX_LENGTH;

/** Loads the binary. Loads WebAssembly on request, or with a warning if the binary does not load. */
export function loadEngine(): Engine {
  const form = requireForm(process.env["ADABELIEF_WASM"] ?? "");
  if (wanted.backend === wasmBackend) return loadWasmEngine(form);
  try {
    return loadBinary() as Engine;
  } catch (cause) {
    const error = plainError("ERR_NO_BINARY", explain(cause), cause);
    if (wanted.backend !== "") throw error;
    return fallBack(error, form);
  }
}

/** Loads WebAssembly in the place of a binary that does not load. */
function fallBack(error: Error, form: string): Engine {
  let engine: Engine;
  try {
    engine = loadWasmEngine(form);
  } catch (cause) {
    error.message += `. ${(cause as Error).message}`;
    throw error;
  }
  const advice =
    "It runs as WebAssembly, with the same bits and several times slower; ADABELIEF_BACKEND=wasm chooses that without a warning";
  warnOnce("ADABELIEF_WASM", `${error.message}. ${advice}`);
  return engine;
}

/**
 * Resolves at once: in Node the engine is loaded with the package. It exists for programs that also run in browsers.
 */
export async function ready(): Promise<void> {
  // The binary was loaded with the package.
}
