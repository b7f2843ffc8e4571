// Where this code lies: in the package, or in a bundle that a bundler made of it and a program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";

/** The program that Node was started with. The working directory is no substitute: whoever can write there would choose what is loaded. */
export const program = process.argv[1] !== undefined && isAbsolute(process.argv[1]) ? process.argv[1] : undefined;

/** The folder of this code. Bundles in ESM have no `__dirname`, and are taken to lie beside their program. */
export const here = typeof __dirname === "string" ? __dirname : dirname(program ?? process.execPath);

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
