// The ESM entry hands on the CommonJS one: see lib/index.mts.
export * from "./index.js";
