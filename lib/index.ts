export { accumulate } from "./accumulate";
export {
  AdaBelief,
  type AdaBeliefGroupOptions,
  type AdaBeliefGroupOptions021,
  type AdaBeliefOptions,
  type AdaBeliefOptions005,
  type AdaBeliefOptions021,
  type AdaBeliefState,
  type AdaBeliefVersion,
} from "./adabelief";
export type { LoadStateOptions } from "./checkpoint/load";
export type { SaveStateOptions } from "./checkpoint/save";
export { cpu } from "./cpu";
export { cuda } from "./cuda";
export type { ErrorCode } from "./errors";
export type { GroupOf, ParamGroup, Params } from "./group";
export { info, type Info } from "./info";
export { Optimizer, type StepOptions, type StepReport } from "./optimizer";
export { parameter, type Parameter } from "./parameter";
export { recipes, type Recipe } from "./recipes";
export type { State, StateDict } from "./state-dict";
export { update, type UpdateArrays } from "./update";
