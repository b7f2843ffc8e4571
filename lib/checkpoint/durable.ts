// Which file a path means, and how it is made to last, also under Node's permission model.
import { constants } from "node:fs";
import { chmod, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { plainError } from "../errors";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "";

/** What Node's permission model answers. It refuses fchmod, from Node 26 on also fsync, whichever folders may be written. */
const isDenied = (error: unknown) => codeOf(error) === "ERR_ACCESS_DENIED";

/** Whether this process runs under the permission model. */
const isRestricted = () => (process as { permission?: unknown }).permission !== undefined;

/** Every write is flushed before it returns. Windows' Node has no such flag. */
const synchronous = () => (constants.O_SYNC as number | undefined) ?? 0;

/** As many links as Linux follows. */
const mostLinks = 40;

/**
 * The file that a path means: links are followed, also to a file that is not there yet.
 *
 * @throws ERR_CHECKPOINT where links lead to each other
 */
export async function targetOf(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < mostLinks; ++links) {
    try {
      return await realpath(at);
    } catch (error) {
      if (codeOf(error) === "ELOOP") break;
      if (codeOf(error) !== "ENOENT") return at;
    }
    const folder = await realpath(dirname(at)).catch(() => undefined);
    const next = folder === undefined ? undefined : await readlink(join(folder, basename(at))).catch(() => undefined);
    if (next === undefined) return at;
    at = isAbsolute(next) ? next : `${folder}${sep}${next}`; // not `join`, for which `link/..` is nothing
  }
  throw plainError("ERR_CHECKPOINT", `${path}: these symbolic links lead to each other, and to no file`);
}

/** Makes a new file. */
export function create(path: string, mode: number | undefined): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  return open(path, isRestricted() ? flags | synchronous() : flags, mode);
}

/** Sets the permissions of a file that is open, and that has this path. */
export async function setMode(file: FileHandle, path: string, mode: number): Promise<void> {
  try {
    await file.chmod(mode);
  } catch (error) {
    if (!isDenied(error)) throw error;
    await chmod(path, mode);
  }
}

/** Flushes a file of `create`. */
export async function flush(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!isDenied(error)) throw error; // then every write was flushed
  }
}

/** What a file system answers that does not flush folders: EPERM is Windows'. */
const cannotFlush = ["EINVAL", "EPERM"];

/** Flushes the name of a file, where the file system does that at all. */
export async function flushName(path: string): Promise<void> {
  const folder = await open(dirname(path), "r").catch(() => undefined);
  if (folder === undefined) return;
  try {
    await folder.sync();
  } catch (error) {
    if (isDenied(error)) await writeLastByte(path);
    else if (!cannotFlush.includes(codeOf(error))) throw error;
  } finally {
    await folder.close();
  }
}

/**
 * Writes a file's last byte again. A flushed write takes along the file's renaming before it, on file systems that keep a journal. It is
 * the next best where folders cannot be flushed.
 */
async function writeLastByte(path: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | synchronous()).catch(() => undefined);
  if (file === undefined) return; // may be read only
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    if (size > 0 && (await file.read(byte, 0, 1, size - 1)).bytesRead === 1) await file.write(byte, 0, 1, size - 1);
  } finally {
    await file.close();
  }
}
