export {
  accumulate,
  clipGradNorm,
  fromBFloat16,
  fromFloat16,
  toBFloat16,
  toFloat16,
  type AccumulateOptions,
  type ClipOptions,
  type Float16Values,
  type Floats,
  type Placed,
} from "./arrays";
export type { CheckpointSource, LoadStateOptions, SaveStateOptions } from "./checkpoint";
export { cpu } from "./cpu";
export { cuda, type ForeignMemory, type PlaceOptions } from "./cuda";
export { CudaArray, type IpcHandle } from "./cuda/array";
export type { StreamOptions } from "./cuda/driver";
export { AdaBeliefError, isAdaBeliefError, type ErrorCode } from "./errors";
export type { GroupExtras, GroupOf, ParamGroup, Params } from "./groups";
export { info, type Info } from "./info";
export { ready, type CudaDevice } from "./native";
export { Lookahead, Optimizer, type LookaheadState, type ZeroGradOptions } from "./optimizer";
export * from "./optimizers";
export type { Centralize, CommonOptions, EmaOptions, LookaheadOptions, SparseStep, StateDtype } from "./options";
export { parameter, type AnyParameter, type Parameter, type SparseGradient, type SparseParameter } from "./parameter";
export {
  encodeSafetensors,
  readSafetensors,
  writeSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type SafetensorsTensor,
  type TensorToWrite,
  type WriteSafetensorsOptions,
} from "./safetensors";
export * from "./schedules";
export type { LoadDictOptions, LoadReport, State, StateDict, StateIn16Bits, StateOf, StateOn } from "./state-dict";
export { update, type StepOptions, type StepReport, type UpdateArrays } from "./step";
export * from "./training";
