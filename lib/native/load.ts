// The engine for Node: the binary, found and loaded, or WebAssembly. lib/browser/load.ts takes its place in browsers.
import { constants } from "node:buffer";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { platform, arch } from "node:os";
import type { Engine } from "./addon";
import { loadBinary } from "./binary";
import { plainError, warnOnce } from "../errors";
import { loadWasmEngine, wasmBackend } from "../wasm/engine";
import { requireForm } from "../wasm/start";

/** The package's own folder, from lib/native/ (the sources, in tests) as from dist/lib/native/. */
export const root = [join(__dirname, "..", ".."), join(__dirname, "..", "..", "..")].find((folder) =>
  existsSync(join(folder, "package.json")),
) as string;

/** The platform as node-gyp-build names it; the variables are the ones it reads. */
export const target = `${process.env["npm_config_platform"] ?? platform()}-${process.env["npm_config_arch"] ?? arch()}`;

/** What the environment asks for. The backend is "wasm" for WebAssembly, "native" for any other, or the name of one. */
export const wanted = {
  backend: process.env["ADABELIEF_BACKEND"] ?? "",
  threads: process.env["ADABELIEF_THREADS"] ?? "",
};

/** The library to load in the place of NVIDIA's driver; "" for none. */
export const cudaDriver = (): string => process.env["ADABELIEF_CUDA_DRIVER"] ?? "";

/** What the build needs on Windows, where CMake would take a compiler that cannot build this. */
const toolset = platform() === "win32" ? " --toolset ClangCL" : "";

/** The most bytes that a buffer may have. */
export const largestBuffer = constants.MAX_LENGTH;

/** Loads the binary. Loads WebAssembly on request, or with a warning if the binary does not load. */
export function loadEngine(): Engine {
  const form = requireForm(process.env["ADABELIEF_WASM"] ?? "");
  if (wanted.backend === wasmBackend) return loadWasmEngine(form);
  try {
    return loadBinary(root) as Engine;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
    const error = plainError(
      "ERR_NO_BINARY",
      `adabelief has no binary that loads on ${target} (Node ${process.version}). Build it from source, with CMake and a C++ compiler: ` +
        `npm install --no-save cmake-js@8 node-addon-api@8 && npx cmake-js compile --directory node_modules/adabelief${toolset} (${reason})`,
      cause,
    );
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
