export { accumulate, type AccumulateOptions } from "./accumulate";
export { clipGradNorm, type ClipOptions } from "./clip";
export { fromBFloat16, fromFloat16, toBFloat16, toFloat16, type Float16Values } from "./half";
export type { Floats, Placed } from "./placement";
