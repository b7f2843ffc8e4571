// The page's TensorFlow.js: the bundler, or an import map, says which.
import * as core from "@tensorflow/tfjs-core";
import { describe, plainError } from "../errors";

const version: unknown = core.version_core;
if (typeof version !== "string" || !version.startsWith("4.")) {
  throw plainError("ERR_NO_TFJS", `adabelief/tfjs needs TensorFlow.js 4, and this is ${describe(version)}`);
}

export const tf = core;
