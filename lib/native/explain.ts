// Why no binary loads here, and what to do about it.
import { platform } from "node:os";
import { BinaryNotFound, chosenFolder, elsewhere, target } from "./binary";
import { here, packageRoot, root } from "./here";

/** What the dynamic linker says of a library for another C library, or for a newer one. */
const otherLibc = /GLIBC(XX)?_[\d.]+|ld-linux|ld-musl|libc\.musl|libc\.so|libstdc\+\+|symbol not found/i;

const fromSource =
  "Build it from source, with CMake and a C++ compiler: " +
  "npm install --no-save cmake-js@8 node-addon-api@8 && npx cmake-js compile --directory node_modules/adabelief" +
  (platform() === "win32" ? " --toolset ClangCL" : ""); // where CMake would take a compiler that cannot build this

/** The C library of this process, as in "glibc 2.36". */
export function libc(): string {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const version = report?.header?.glibcVersionRuntime;
  return version === undefined ? "unknown" : `glibc ${version}`;
}

const again =
  packageRoot === undefined
    ? `copy node_modules/adabelief/prebuilds to ${here} again`
    : "install adabelief again, on this platform";

function adviceFor(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ERR_DLOPEN_DISABLED") return "Node's permission model forbids native addons: start Node with --allow-addons";
  if (code === "ERR_ACCESS_DENIED") {
    return `Node's permission model forbids reading it: start Node with --allow-fs-read=${chosenFolder() || root}`;
  }
  if (code === "ERR_DLOPEN_FAILED" && otherLibc.test(message)) {
    const own = libc() === "unknown" ? "one that is not glibc" : libc();
    return `It was built for another C library than this system's, which is ${own}. ${fromSource}`;
  }
  // Whatever is wrong with what the variable names, building or installing would not be looked at.
  if (chosenFolder() !== "") return `The environment variable ${elsewhere} says where it is looked for: correct it, or unset it`;
  if (cause instanceof BinaryNotFound) {
    if (packageRoot !== undefined || cause.folder !== here) return fromSource;
    return `This is a bundle, and the binary is not beside it: copy node_modules/adabelief/prebuilds to ${here}, or leave adabelief out of the bundle (external)`;
  }
  if (code === "EACCES" || code === "EPERM") return "Its file cannot be read: correct its permissions";
  return `It is damaged, or made for another platform: ${again}`;
}

/** The message of the error that no binary loads. */
export function explain(cause: unknown): string {
  const reason = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
  return `adabelief has no binary that loads on ${target} (Node ${process.version}). ${adviceFor(cause)} (${reason})`;
}
