// Starts the WebAssembly module: at once, or without holding up the thread. Chooses its form.
import { describe, plainError, rangeError } from "../errors";
import { isFused, prepare, type Instance, type WebAssemblyApi } from "./instance";
import * as modules from "./modules";

/** A form of the module that the engine takes. */
interface Form {
  readonly bytes: Uint8Array;
  readonly relaxed: boolean;
}

const refuse = (why: string, cause?: unknown) =>
  plainError("ERR_NO_BINARY", `adabelief's WebAssembly cannot run here: ${why}`, cause);

/** The bytes of a module; none, which is no valid module, where the text is damaged. */
function decode(base64: string): Uint8Array {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return new Uint8Array();
  }
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function findApi(): WebAssemblyApi {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (api === undefined) throw refuse("this engine has no WebAssembly");
  if (modules.exact === "") throw refuse("this build of adabelief was made without clang, and has none");
  return api;
}

/** Checks the name of a form; "" is the fastest with the right bits. */
export function requireForm(wanted: string): string {
  if (["", "exact", "relaxed"].includes(wanted)) return wanted;
  throw rangeError("ERR_BACKEND", `ADABELIEF_WASM must be exact or relaxed, got ${describe(wanted)}`);
}

/** The forms that an engine takes, the fastest first. It may still lack a fused multiply-add for the relaxed one. */
function* usableForms(api: WebAssemblyApi, wanted: string): Generator<Form> {
  if (wanted !== "exact") {
    const bytes = decode(modules.relaxed);
    if (api.validate(bytes)) yield { bytes, relaxed: true };
  }
  if (wanted === "relaxed") throw refuse("this engine has no relaxed SIMD with a fused multiply-add");
  const bytes = decode(modules.exact);
  if (!api.validate(bytes)) throw refuse("this engine has no WebAssembly SIMD, or the module is damaged");
  yield { bytes, relaxed: false };
}

/** Says why a module that is valid did not start, and what to do. */
function explain(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/unsafe-eval|content security policy|\bCSP\b/i.test(message)) {
    const advice = "add 'wasm-unsafe-eval' to its script-src";
    return refuse(`the page's Content Security Policy forbids it; ${advice} (${message})`, cause);
  }
  if (/main thread/i.test(message)) {
    return refuse(`this engine compiles it only asynchronously; await ready() before the first optimizer (${message})`, cause);
  }
  if (cause instanceof RangeError) return refuse(`there is no memory for it (${message})`, cause);
  return refuse(message, cause);
}

/** An instance with the right bits, or null. */
function accept(instance: Instance, { relaxed }: Form): Instance | null {
  return !relaxed || isFused(instance) ? instance : null;
}

/**
 * Compiles the module.
 *
 * @param wanted which form: "exact" or "relaxed"; by default the fastest with the right bits
 * @throws ERR_NO_BINARY where the engine cannot run it
 */
export function startWasm(wanted = ""): Instance {
  const api = findApi();
  for (const form of usableForms(api, wanted)) {
    let found: Instance | null;
    try {
      const { imports, finish } = prepare(api, form.relaxed);
      found = accept(finish(new api.Instance(new api.Module(form.bytes), imports).exports), form);
    } catch (cause) {
      throw explain(cause);
    }
    if (found !== null) return found;
  }
  throw refuse("no form of it has the right bits");
}

/** As `startWasm`, but compiles asynchronously: some engines limit synchronous compilation. */
export async function startWasmAsync(): Promise<Instance> {
  const api = findApi();
  for (const form of usableForms(api, "")) {
    let found: Instance | null;
    try {
      const { imports, finish } = prepare(api, form.relaxed);
      const { instance } = await api.instantiate(form.bytes, imports);
      found = accept(finish(instance.exports), form);
    } catch (cause) {
      throw explain(cause);
    }
    if (found !== null) return found;
  }
  throw refuse("no form of it has the right bits");
}
