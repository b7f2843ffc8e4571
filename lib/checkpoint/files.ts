// Files: one is replaced whole or not at all. lib/browser/files.ts stands for them in browsers.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, isObject, plainError, rangeError, typeError } from "../errors";
import { crc32 } from "./crc32";
import { create, flush, flushName, setMode, targetOf } from "./durable";
import { SequentialReader } from "./reader";
import { withPath } from "./system-error";

/** An absolute path, so that a later chdir changes nothing. `what` is a file of which kind. */
export function pathOf(path: unknown, what = "checkpoint"): string {
  const text = typeof path === "string" ? path : fromUrl(path);
  if (text === undefined) {
    throw typeError("ERR_INVALID_OPTION", `The path of a ${what} must be a string or a file: URL, got ${describe(path)}`);
  }
  if (endsInFolder.test(text)) {
    const given = describe(typeof path === "string" ? path : (path as URL).href);
    throw rangeError("ERR_INVALID_OPTION", `The path of a ${what} must end in the name of a file, got ${given}`);
  }
  try {
    return resolve(text);
  } catch (error) {
    throw withPath(error, path); // there is no working directory any more
  }
}

/** The path of a file: URL; undefined for any other value. Node throws coded errors for URLs of another scheme or host. */
function fromUrl(path: unknown): string | undefined {
  try {
    return isObject(path) && path instanceof URL ? fileURLToPath(path) : undefined;
  } catch (error) {
    if (isObject(error) && "code" in error) throw error;
    return undefined; // an object of the caller's that only looks like a URL
  }
}

/** What `resolve` would make a file's path of: "", "folder/", "folder/.", "..". */
const endsInFolder = sep === "\\" ? /(^|[/\\])\.{0,2}$/ : /(^|\/)\.{0,2}$/;

/** The bytes of a file, in order. */
type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Those still to be done, by path: what is saved later must not be overwritten by what was saved earlier. */
const last = new Map<string, Promise<void>>();

/**
 * Replaces a file: the new one is written beside it, flushed, and renamed. Whatever happens, the path has the old or the new content
 * whole. Replacements of one path are made in the order of the calls.
 */
export function replaceFile(path: string, chunks: Chunks): Promise<void> {
  const act = () => replace(path, chunks);
  const done = (last.get(path) ?? Promise.resolve()).then(act, act);
  last.set(path, done);
  const forget = () => last.get(path) === done && last.delete(path);
  done.then(forget, forget);
  return done;
}

async function replace(path: string, chunks: Chunks): Promise<void> {
  // A link goes on pointing to the file that is replaced, and the new file has the old one's permissions.
  const target = await targetOf(path);
  const old = await stat(target).catch(() => undefined);
  if (old !== undefined && !old.isFile()) throw plainError("ERR_CHECKPOINT", `${path}: ${notAFile}`);
  const folder = dirname(target);
  const begin = `.adabelief-${crc32(basename(target)).toString(16).padStart(8, "0")}-`;
  await removeStale(folder, begin);
  const temporary = join(folder, `${begin}${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
  const file = await create(temporary, old?.mode);
  try {
    try {
      if (old !== undefined) await setMode(file, temporary, old.mode & 0o777);
      await writeFile(file, chunks);
      await flush(file);
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // not `rm`, which asks the permission model to read it first
    throw error;
  }
  await flushName(target);
}

const notAFile = "not a regular file";

/** Not written to for so long, a temporary file is nobody's any more, though its process's number is in use again. */
const abandoned = 3_600_000;

/** Removes what killed saves of the same file left behind. Whatever stands in the way of that is of no importance. */
async function removeStale(folder: string, begin: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(begin) && one.endsWith(".tmp"))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    const pid = parseInt(name.slice(begin.length), 10);
    if (!isRunning(pid) || found.mtimeMs < Date.now() - abandoned) await unlink(path).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's
  }
}

/** Opens a file for reading. Not a pipe or a device: those may have no end. */
export async function openFile(path: string): Promise<SequentialReader> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe without a writer would wait for one
  try {
    const found = await file.stat();
    if (!found.isFile()) throw plainError("ERR_CHECKPOINT", `${path}: ${notAFile}`);
    const read = async (into: Uint8Array, position: number) => (await file.read(into, 0, into.length, position)).bytesRead;
    return new SequentialReader({ length: found.size, read, close: () => file.close() });
  } catch (error) {
    await file.close();
    throw error;
  }
}
