import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { path as findBinary } from "node-gyp-build";
import { cpu } from "./cpu";
import { cuda } from "./cuda";
import { addon, root, target } from "./native";

/** What `adabelief info --json` prints. */
export interface Info {
  version: string;
  node: string;
  platform: string;
  /** The C library and its version, as in "glibc 2.36". */
  libc: string;
  /** The file that was loaded, and whether it was built here or came with the package. */
  binary: { path: string; origin: "built here" | "prebuilt" };
  backends: { name: string; supported: boolean }[];
  backend: string;
  threads: number;
  cuda: { available: boolean; reason: string };
}

function libc(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? "unknown" : `glibc ${version}`;
}

/** What runs where: version, platform, the binary that was loaded, backends, threads, and why CUDA is off. */
export function info(): Info {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const path = findBinary(root);
  return {
    version,
    node: process.version,
    platform: target,
    libc: libc(),
    binary: { path, origin: relative(root, path).startsWith("prebuilds") ? "prebuilt" : "built here" },
    backends: addon.backends(),
    backend: cpu.backend,
    threads: cpu.threads,
    cuda: { available: cuda.available, reason: cuda.reason },
  };
}
