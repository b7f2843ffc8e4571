import { join } from "node:path";
import { pathFromCaller } from "../examples/shared/options.mjs";

/** Where results are: the folder that was asked for, or the recorded ones'. Results of the smallest size say nothing and are not kept. */
export const resultsFolder = (asked, size) =>
  asked === "" ? join(import.meta.dirname, size === "smoke" ? "build/results" : "results") : pathFromCaller(asked);
