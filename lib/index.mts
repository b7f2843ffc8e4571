// The ESM entry hands on the CommonJS one: a process that uses both has one copy of the state.
export {
  AdaBelief,
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  OneCycleLR,
  Optimizer,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  WarmupDecayLR,
  accumulate,
  cpu,
  cuda,
  info,
  parameter,
  recipes,
  update,
} from "./index.js";
export type * from "./index.js";
