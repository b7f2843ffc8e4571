// The ESM entry hands on the CommonJS one: a process that uses both has one copy of the state.
export * from "./index.js";
