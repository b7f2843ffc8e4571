// All tests but the slow ones: those that need many seconds, and say little about a Node release.
import base, { suite } from "./jest.config.mjs";

const slow = [
  "checkpoint-damage",
  "checkpoint-kill",
  "compare",
  "cuda/failures",
  "cuda/launches",
  "cuda/lifetimes",
  "cuda/same-bits",
  "docs",
  "killed",
  "lifetimes",
  "power",
  "tfjs-layers",
  "tfjs-memory",
  "types",
];

export default { ...base, testPathIgnorePatterns: [...base.testPathIgnorePatterns, ...slow.map(suite)] };
