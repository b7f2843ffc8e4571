// Loads the CUDA driver on first use, and checks device numbers and stream handles.
import { describe, plainError, rangeError, typeError } from "../errors";
import { cudaDriver } from "../native/load";
import { addon, type CudaDriver } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";

let found: CudaDriver | undefined;

/** What there is. ADABELIEF_CUDA_DRIVER names another library than the system's. */
export function driver(): CudaDriver {
  if (found === undefined) {
    found = addon.cuda.load(cudaDriver());
    Object.freeze(found.devices).forEach(Object.freeze);
  }
  return found;
}

/** The number of a device, checked: there is CUDA, and a device of that number. */
export function requireDevice(device: unknown): number {
  const { available, reason, devices } = driver();
  if (!available) throw plainError("ERR_CUDA_UNAVAILABLE", `CUDA cannot run here: ${reason}`);
  if (typeof device !== "number") throw typeError("ERR_CUDA_DEVICE", `device must be a number, got ${describe(device)}`);
  if (Number.isInteger(device) && device >= 0 && device < devices.length) return device;
  const there = devices.length === 1 ? "there is one device, number 0" : `there are devices 0 to ${devices.length - 1}`;
  throw rangeError("ERR_CUDA_DEVICE", `There is no CUDA device ${device}: ${there}`);
}

/** Where the driver's handles and addresses end. */
const end = 2n ** 64n;

/** A driver's handle or address, checked as far as a number can be. */
export function requireHandle(value: unknown, what: string, code: "ERR_CUDA_STREAM" | "ERR_CUDA_POINTER"): bigint {
  if (typeof value !== "bigint") throw typeError(code, `${what} must be a bigint, got ${describe(value)}`);
  if (value < 0n || value >= end) throw rangeError(code, `${what} must be a bigint from 0n to 2n ** 64n - 1n, got ${value}n`);
  return value;
}

export interface StreamOptions {
  /** The driver's handle of the stream (CUstream) in whose order this happens. Default 0n, the legacy default stream. */
  stream?: bigint;
}

/** CUDA's name for the default stream of the calling thread, whichever that is (CU_STREAM_PER_THREAD). */
const perThread = 2n;

export function requireStream(stream: unknown): bigint {
  const handle = requireHandle(stream, "stream", "ERR_CUDA_STREAM");
  if (handle !== perThread) return handle;
  const why = "is another one on every thread, and stepAsync and readAsync run on others than this";
  throw rangeError("ERR_CUDA_STREAM", `stream: ${handle}n, the default stream of a thread, ${why}; pass a stream of your own`);
}

/** The options of a call that takes a stream and nothing else. */
export function readStream(options: unknown, what: string): bigint {
  requireObject(options, `The options of ${what}`);
  refuseUnknownKeys(options, ["stream"], what);
  return requireStream(options["stream"] ?? 0n);
}
