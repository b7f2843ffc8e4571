export { accumulate } from "./accumulate";
export { AdaBelief } from "./optimizers/adabelief";
export type {
  AdaBeliefGroupOptions,
  AdaBeliefGroupOptions021,
  AdaBeliefGroupOptionsTf001,
  AdaBeliefGroupOptionsTf021,
  AdaBeliefOptions,
  AdaBeliefOptions005,
  AdaBeliefOptions021,
  AdaBeliefOptionsTf001,
  AdaBeliefOptionsTf021,
  AdaBeliefState,
  AdaBeliefVersion,
} from "./optimizers/adabelief-options";
export { AdaBound, type AdaBoundOptions, type AdaBoundState } from "./optimizers/adabound";
export { Adam, AdamW, type AdamOptions, type AdamState } from "./optimizers/adam";
export { Fromage, type FromageOptions } from "./optimizers/fromage";
export { MSVAG, type MSVAGOptions, type MSVAGState } from "./optimizers/msvag";
export { RAdam, type RAdamOptions, type RAdamState } from "./optimizers/radam";
export { RangerAdaBelief, type RangerAdaBeliefOptions, type RangerAdaBeliefState } from "./optimizers/ranger";
export { SGD, type SGDOptions, type SGDState } from "./optimizers/sgd";
export { Yogi, type YogiOptions, type YogiState } from "./optimizers/yogi";
export { clipGradNorm, type ClipOptions } from "./clip";
export { cpu } from "./cpu";
export { cuda } from "./cuda";
export type { ErrorCode } from "./errors";
export type { GroupOf, ParamGroup, Params } from "./group";
export { info, type Info } from "./info";
export { Lookahead, type LookaheadState } from "./lookahead";
export { Optimizer } from "./optimizer";
export { parameter, type Parameter } from "./parameter";
export { recipes, type Recipe } from "./recipes";
export type { Centralize, CommonOptions, LookaheadOptions } from "./rule";
export * from "./schedules";
export type { State, StateDict } from "./state-dict";
export type { StepOptions, StepReport } from "./step-options";
export { update, type UpdateArrays } from "./update";
