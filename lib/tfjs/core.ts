// TensorFlow.js: the caller's own copy of it, because tensors, variables and registered classes belong to a copy.
import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { describe, plainError } from "../errors";

type Core = typeof import("@tensorflow/tfjs-core");

/** The release of TensorFlow.js that this is made for. */
const major = "4";

function tryResolve(request: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}

/** The program's main module. The working directory is no substitute: whoever can write there would choose what is loaded. */
const program = [require.main?.filename, process.argv[1]].filter((path) => path !== undefined && isAbsolute(path));

/**
 * Where tfjs-core may be: as this package sees it, then as the program does, which counts where this package is a link; each time
 * first through @tensorflow/tfjs, because strict layouts of node_modules show tfjs-core to nobody else.
 */
function places(): string[] {
  return [__filename, ...(program as string[])].flatMap((from) => {
    const whole = tryResolve("@tensorflow/tfjs/package.json", from);
    const found = [whole === undefined ? undefined : tryResolve("@tensorflow/tfjs-core", whole)];
    found.push(tryResolve("@tensorflow/tfjs-core", from));
    return found.filter((path) => path !== undefined);
  });
}

/** The copy that is in use already, or else the first that there is. */
function findCore(): Core {
  const found = places();
  const path = found.find((place) => require.cache[place] !== undefined) ?? found[0];
  if (path === undefined) {
    const advice = "npm install @tensorflow/tfjs (or @tensorflow/tfjs-core with the parts that you use)";
    throw plainError("ERR_NO_TFJS", `adabelief/tfjs needs TensorFlow.js ${major}, which is not installed: ${advice}`);
  }
  const core = createRequire(__filename)(path) as Core;
  const version: unknown = core.version_core;
  if (typeof version === "string" && version.startsWith(`${major}.`)) return core;
  throw plainError("ERR_NO_TFJS", `adabelief/tfjs needs TensorFlow.js ${major}, and ${path} is ${describe(version)}`);
}

export const tf: Core = findCore();
