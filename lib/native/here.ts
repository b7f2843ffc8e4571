// Where this code lies: in the package, or in a bundle that a bundler made of it and a program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Whether Node runs code of its command line or of a terminal. Then the first argument is the caller's own, and names no program. */
const evaluates = process.execArgv.some((arg) => /^-[a-z]*[eip][a-z]*$|^--(eval|print|interactive|input-type)(=|$)/.test(arg));
/** As an application of Electron that was packed does. */
const isPacked = "electron" in process.versions && !("defaultApp" in process);

/** The program that Node was started with. Never the working directory: its files are untrusted. */
export const program =
  process.argv[1] !== undefined && isAbsolute(process.argv[1]) && !evaluates && !isPacked ? process.argv[1] : undefined;

/** A stack trace, also where the program wants none. */
function stackTrace(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 10;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return stack;
}

/**
 * The folder of the ES module that a bundler put this code into, which has no `__dirname`: a stack trace names it. Code that is no file,
 * as of the standard input, has a name in brackets there, in the working directory.
 */
function folderOfModule(): string | undefined {
  const url = /file:\/\/.*(?=:\d+:\d+\)?$)/m.exec(stackTrace())?.[0];
  const file = url === undefined ? "[unknown]" : fileURLToPath(url);
  return /^\[.*\]$/.test(basename(file)) ? undefined : dirname(file);
}

/** The folder of this code. Of `node --eval` a relative `__dirname` can be seen everywhere. */
export const here =
  typeof __dirname === "string" && isAbsolute(__dirname) ? __dirname : (folderOfModule() ?? dirname(process.execPath));

/** `require`, as seen from here. */
export const requireFromHere = createRequire(join(here, "adabelief.cjs"));

/** What a package.json says; an empty object where there is none. */
export function readPackage(folder: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) ?? {}) as object;
  } catch {
    return {};
  }
}

/** The package's own folder, from lib/native/ (the sources, in tests) as from dist/lib/native/; undefined in a bundle. */
export const packageRoot = [join(here, "..", ".."), join(here, "..", "..", "..")].find(
  (folder) => readPackage(folder).name === "adabelief",
);

/** The package's folder, or the bundle's. */
export const root = packageRoot ?? here;
