export { readSafetensors, type ReadSafetensorsOptions, type Safetensors } from "./read";
export type { SafetensorsTensor } from "./tensor";
export { encodeSafetensors, writeSafetensors, type TensorToWrite, type WriteSafetensorsOptions } from "./write";
