// The binary: which file it is, and whether it can be loaded at all. What it does once it is loaded belongs to lib/native/load.ts.
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { version } from "../version";
import { here, packageRoot, readPackage, requireFromHere } from "./here";

/** The platform as node-gyp-build names it; the variables are the ones it reads. */
export const target = `${process.env["npm_config_platform"] ?? platform()}-${process.env["npm_config_arch"] ?? arch()}`;

/** The variable by which node-gyp-build takes another folder than the package's. */
export const elsewhere = "ADABELIEF_PREBUILD";

/** The folder that this variable names; "" for none. */
export const chosenFolder = (): string => process.env[elsewhere] ?? "";

/** There is no file that could be the binary. */
export class BinaryNotFound extends Error {
  constructor(readonly folder: string) {
    super(`No native build was found in ${folder}`);
  }
}

const isInside = (folder: string, path: string) => {
  const way = relative(folder, path);
  return !way.startsWith("..") && !isAbsolute(way);
};

interface NodeGypBuild {
  path(folder: string): string;
}

/**
 * node-gyp-build, when it is needed. It looks for the release file of Alpine Linux, which Node's permission
 * model may forbid; then it is told a C library, as the binary for Linux is the same for all.
 */
function nodeGypBuild(): NodeGypBuild {
  try {
    return requireFromHere("node-gyp-build") as NodeGypBuild;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED" || process.env["LIBC"]) throw error;
  }
  process.env["LIBC"] = "glibc";
  try {
    return requireFromHere("node-gyp-build") as NodeGypBuild;
  } finally {
    delete process.env["LIBC"];
  }
}

/** Where a binary lies in a folder: built there, prebuilt, or alone. */
const built = join("build", "Release");
const prebuilt = join("prebuilds", target);
const alone = ".";

/** The first binary in a folder. Needs no node-gyp-build, which package managers may keep where only the package itself finds it. */
function findDirectly(folder: string, ways: readonly string[]): string {
  const paths = ways.map((way) => join(folder, way, "adabelief.node"));
  const path = paths.find((file) => isInside(folder, file) && existsSync(file));
  if (path !== undefined) return path;
  throw new BinaryNotFound(folder);
}

/**
 * The binary in a folder. node-gyp-build would also look beside Node's executable, where binaries belong to somebody else, and take a
 * relative path from wherever the process happens to be.
 */
function findIn(folder: string): string {
  if (packageRoot === undefined) return findDirectly(folder, [built, prebuilt, alone]);
  let path: string;
  try {
    path = nodeGypBuild().path(folder);
  } catch (error) {
    if (!(error as Error).message.startsWith("No native build")) throw error;
    throw new BinaryNotFound(folder);
  }
  if (isInside(folder, path)) return path;
  throw new BinaryNotFound(folder);
}

/** The folders that Node would look for packages in, from here. Not those of NODE_PATH, which may be the working directory. */
function* packagesAround(): Generator<string> {
  for (let folder = here; ; folder = dirname(folder)) {
    yield join(folder, "node_modules", "adabelief");
    if (folder === dirname(folder)) return;
  }
}

/** The binary for a bundle: a copy beside it, or the one of the package of this version that Node would find from there. */
function findForBundle(): string {
  try {
    return findDirectly(here, [prebuilt, built, alone]);
  } catch (error) {
    for (const folder of packagesAround()) {
      if (readPackage(folder).version === version) return findIn(folder);
    }
    throw error;
  }
}

/**
 * The file of the binary: in the package's folder, beside the bundle, or in the folder that ADABELIEF_PREBUILD names.
 *
 * @throws where there is none
 */
export function findBinary(): string {
  const folder = chosenFolder();
  if (folder !== "" && !isAbsolute(folder)) {
    throw new Error(`${elsewhere} must be an absolute path, got ${JSON.stringify(folder)}`);
  }
  if (folder !== "") return findIn(folder);
  return packageRoot === undefined ? findForBundle() : findIn(packageRoot);
}

/** Loads a binary. */
export function loadBinary(): unknown {
  const path = findBinary();
  requireWhole(path);
  const loaded: unknown = requireFromHere(path);
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
