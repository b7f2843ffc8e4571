// A page has no files.
import { describe, typeError } from "../errors";
import type { SequentialReader } from "../checkpoint/reader";

export function pathOf(path: unknown, what = "checkpoint"): string {
  const encode = what === "checkpoint" ? "encodeState" : "encodeSafetensors";
  const advice = `save with ${encode}() and load from a Uint8Array or a Blob`;
  throw typeError("ERR_INVALID_OPTION", `A ${what} has no path in a browser: ${advice}; got ${describe(path)}`);
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
export const replaceFile = (path: string, _chunks: Chunks): Promise<void> => Promise.reject(noFiles(path));
export const openFile = (path: string): Promise<SequentialReader> => Promise.reject(noFiles(path));

/** Not reached in practice: pathOf throws first. */
const noFiles = (path: string) => new Error(`There is no file ${path} in a browser`);
