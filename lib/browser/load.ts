// The engine for browsers: WebAssembly, started by `ready` or by the first optimizer. In Node it is lib/native/load.ts.
import type { Engine } from "../native/addon";
import { engineOf, facts } from "../wasm/engine";
import * as modules from "../wasm/modules";
import { startWasm, startWasmAsync } from "../wasm/start";

export const wanted = { backend: "", threads: "" };
export const cudaDriver = (): string => "";
export const largestBuffer = 2 ** 31;

let engine: Engine | undefined;

const started = (): Engine => (engine ??= engineOf(startWasm()));

/**
 * Compiles the WebAssembly engine. Browsers that limit synchronous compilation need this before the first optimizer. In others the
 * first optimizer compiles the engine by itself.
 *
 * @throws never: the promise is rejected with ERR_NO_BINARY where WebAssembly cannot run; the message says why
 */
export async function ready(): Promise<void> {
  if (engine !== undefined) return;
  const instance = await startWasmAsync();
  engine ??= engineOf(instance);
}

/** An engine that starts when it is first used: importing a module cannot wait for it. */
export function loadEngine(): Engine {
  return {
    ...facts,
    lists: modules.lists,
    get Table() {
      return started().Table;
    },
    lastRan: () => started().lastRan(),
    allocate: (...given) => started().allocate(...given),
    allocateHalves: (...given) => started().allocateHalves(...given),
    keep: (array) => started().keep?.(array),
    accumulate: (...given) => started().accumulate(...given),
    widen: (...given) => started().widen(...given),
    narrow: (...given) => started().narrow(...given),
    read: (arrays) => started().read(arrays),
    norm: (...given) => started().norm(...given),
    scale: (...given) => started().scale(...given),
    overlap: (arrays) => started().overlap(arrays),
  };
}
