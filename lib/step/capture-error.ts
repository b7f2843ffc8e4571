import { plainError } from "../errors";

/** The error of what a CUDA graph cannot have. */
export const cannotCapture = (message: string): Error => plainError("ERR_CUDA_CAPTURE", message);
