import { describe, plainError } from "../errors";

export type Core = typeof import("@tensorflow/tfjs-core");

/** The releases of TensorFlow.js that this is made for. */
const majors = ["3", "4"];
export const releases = majors.join(" or ");

/** Refuses a copy of another release. `what` says which copy. */
export function requireRelease(core: Core, what: string): Core {
  const version: unknown = core.version_core;
  if (typeof version === "string" && majors.includes(version.split(".")[0] as string)) return core;
  throw plainError("ERR_NO_TFJS", `adabelief/tfjs needs TensorFlow.js ${releases}, and ${what} is ${describe(version)}`);
}
