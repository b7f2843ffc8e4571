export { accumulate, type AccumulateOptions } from "./accumulate";
export { clipGradNorm, type ClipOptions } from "./clip";
export type { Floats, Placed } from "./placement";
