// The binary: which file it is, and whether it can be loaded at all. What it does once it is loaded belongs to lib/native/load.ts.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, relative } from "node:path";
import load from "node-gyp-build";

/** The variable by which node-gyp-build takes another folder than the package's. */
const elsewhere = "ADABELIEF_PREBUILD";

const isInside = (folder: string, path: string) => {
  const way = relative(folder, path);
  return !way.startsWith("..") && !isAbsolute(way);
};

/**
 * The file of the package's binary: in its own folder, or in the one that ADABELIEF_PREBUILD names. node-gyp-build would also look beside
 * Node's executable, where binaries belong to somebody else, and take a relative path from wherever the process happens to be.
 *
 * @throws where there is none
 */
export function findBinary(root: string): string {
  const folder = process.env[elsewhere] ?? "";
  if (folder !== "" && !isAbsolute(folder))
    throw new Error(`${elsewhere} must be an absolute path, got ${JSON.stringify(folder)}`);
  const path = load.path(root);
  if (isInside(folder === "" ? root : folder, path)) return path;
  throw new Error(`No native build was found in ${folder === "" ? root : folder}`);
}

/** Loads a binary. */
export function loadBinary(root: string): unknown {
  const path = findBinary(root);
  requireWhole(path);
  const loaded: unknown = createRequire(__filename)(path);
  if (typeof loaded === "object" && loaded !== null) return loaded;
  throw new Error(`${path} belongs to another package`);
}

/** The loader maps a Linux library that was cut short, and the process dies when it reads what is missing. */
function requireWhole(path: string): void {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const needed = endOfSegments(file, size);
    if (needed > size) throw new Error(`${path} is cut short: it has ${size} bytes of ${needed}`);
  } finally {
    closeSync(file);
  }
}

/** Where the last part of a 64-bit ELF file ends that is mapped into memory; 0 for other files, which the loader judges. */
function endOfSegments(file: number, size: number): number {
  const header = Buffer.alloc(64);
  if (readSync(file, header, 0, 64, 0) < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2) return 0;
  const [begin, bytes, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
  let end = begin + bytes * count;
  if (end > size || bytes < 56) return end;
  const segments = Buffer.alloc(bytes * count);
  readSync(file, segments, 0, segments.length, begin);
  for (let at = 0; at < segments.length; at += bytes) {
    if (segments.readUInt32LE(at) !== 1) continue; // PT_LOAD
    end = Math.max(end, Number(segments.readBigUInt64LE(at + 8) + segments.readBigUInt64LE(at + 32)));
  }
  return end;
}
