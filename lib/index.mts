// The ESM entry hands on the CommonJS one: a process that uses both has one copy of the state.
export {
  AdaBelief,
  AdaBound,
  Adam,
  AdamW,
  Fromage,
  Lookahead,
  MSVAG,
  Optimizer,
  RAdam,
  RangerAdaBelief,
  SGD,
  Yogi,
  accumulate,
  clipGradNorm,
  cpu,
  cuda,
  info,
  parameter,
  recipes,
  update,
} from "./index.js";
export type * from "./index.js";
