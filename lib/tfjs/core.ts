// TensorFlow.js: the caller's own copy of it, because tensors, variables and registered classes belong to a copy.
import { createRequire } from "node:module";
import { plainError } from "../errors";
import { packageRoot, program, requireFromHere } from "../native/here";
import { releases, requireRelease, type Core } from "./releases";

function tryResolve(request: string, from: NodeJS.Require): string | undefined {
  try {
    return from.resolve(request);
  } catch {
    return undefined;
  }
}

/**
 * Where tfjs-core may be: as this package sees it, then as the program does, which counts where this package is a link; each time
 * first through @tensorflow/tfjs, because strict layouts of node_modules show tfjs-core to nobody else.
 */
function places(): string[] {
  const programs = [requireFromHere.main?.filename, program].filter((path) => path !== undefined);
  return [requireFromHere, ...programs.map((path) => createRequire(path))].flatMap((from) => {
    const whole = tryResolve("@tensorflow/tfjs/package.json", from);
    const found = [whole === undefined ? undefined : tryResolve("@tensorflow/tfjs-core", createRequire(whole))];
    found.push(tryResolve("@tensorflow/tfjs-core", from));
    return found.filter((path) => path !== undefined);
  });
}

/** The copy in the same bundle, where there is one: a bundler reads the call of `require`. In the package it would be any other. */
function bundledCore(): Core | undefined {
  if (packageRoot !== undefined) return undefined;
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- what bundlers look for
    return require("@tensorflow/tfjs-core") as Core;
  } catch {
    return undefined;
  }
}

/** The copy in the bundle, or the one that is in use already, or else the first that there is. */
function findCore(): Core {
  const bundled = bundledCore();
  if (bundled !== undefined) return requireRelease(bundled, "the copy in this bundle");
  const found = places();
  const path = found.find((place) => requireFromHere.cache[place] !== undefined) ?? found[0];
  if (path === undefined) {
    const advice = "npm install @tensorflow/tfjs (or @tensorflow/tfjs-core with the parts that you use)";
    throw plainError("ERR_NO_TFJS", `adabelief/tfjs needs TensorFlow.js ${releases}, which is not installed: ${advice}`);
  }
  return requireRelease(requireFromHere(path) as Core, path);
}

export const tf: Core = findCore();
