import { arrayKind, describe, lengthOf, plainError, rangeError, typeError } from "../errors";
import { requireLength } from "../arrays/memory";
import { addon, type CudaDevice } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import { makeCudaArray, release, type CudaArray, type IpcHandle } from "./array";
import { driver, requireDevice, requireHandle, requireStream, type StreamOptions } from "./driver";

export interface PlaceOptions extends StreamOptions {
  /** The number of the device, from 0. Default 0. */
  device?: number;
}

/** Memory on a device that another library owns. */
export interface ForeignMemory {
  /** Its address (CUdeviceptr), a multiple of 4. */
  pointer: bigint;
  /** The number of floats. */
  length: number;
  /** The number of the device that it lies on. Default 0. */
  device?: number;
  /** Kept alive as long as the array: the object whose end would free the memory. */
  owner?: unknown;
}

/** CUDA: NVIDIA's GPUs. The driver is looked for when one of these is first used, not before. */
export const cuda = Object.freeze({
  /** Whether a step can run on a device here. */
  get available(): boolean {
    return driver().available;
  },

  /** Why not, in words: not built in, no driver library, a driver that is too old, no device, the device's own error. "" where available. */
  get reason(): string {
    return driver().reason;
  },

  /** The devices by their numbers, as the driver numbers them (CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER apply). */
  get devices(): readonly CudaDevice[] {
    return driver().devices;
  },

  /**
   * Zeros on a device.
   *
   * @param length the number of floats
   * @param options `device`: its number, default 0; `stream`: in whose order the zeros are written, default 0n
   * @throws ERR_CUDA_UNAVAILABLE, ERR_CUDA_DEVICE, ERR_CUDA_STREAM, ERR_LENGTH, ERR_OUT_OF_MEMORY, ERR_CUDA, ERR_CUDA_LOST
   */
  allocate(length: number, options: PlaceOptions = {}): CudaArray {
    const { device, stream } = readPlace(options, "cuda.allocate");
    return allocateOnDevice(device, requireLength(length), stream);
  },

  /**
   * A copy of values on a device. When it returns, `values` may be changed again.
   *
   * @param values what is copied
   * @param options as of `allocate`
   * @throws what `allocate` throws, and ERR_NOT_FLOAT32
   */
  from(values: Float32Array, options: PlaceOptions = {}): CudaArray {
    const { device, stream } = readPlace(options, "cuda.from");
    if (arrayKind(values) !== "Float32Array") {
      throw typeError("ERR_NOT_FLOAT32", `cuda.from takes a Float32Array, got ${describe(values)}`);
    }
    return copyToDevice(values, device, stream);
  },

  /**
   * Memory that another library of this process owns, as an array. It is never freed here; `owner` is kept alive as long as the
   * array. Freeing the memory while the array is in use breaks the device for the whole process.
   *
   * @throws ERR_CUDA_POINTER where the address is 0, misaligned, on another device, or `length` leaves its allocation;
   *   ERR_CUDA_UNAVAILABLE, ERR_CUDA_DEVICE, ERR_LENGTH, ERR_CUDA, ERR_CUDA_LOST
   *
   * @example
   * const gradient = cuda.wrap({ pointer: 0x7f0000000000n, length: 1000, owner: tensor });
   */
  wrap(memory: ForeignMemory): CudaArray {
    requireObject(memory, "The argument of cuda.wrap");
    refuseUnknownKeys(memory, ["pointer", "length", "device", "owner"], "cuda.wrap");
    const { pointer, length, device = 0, owner } = memory;
    const number = requireDevice(device);
    const address = requireHandle(pointer, "pointer", "ERR_CUDA_POINTER");
    const elements = requireLength(length);
    return makeCudaArray(addon.cuda.wrap(address, elements, number), elements, number, owner);
  },

  /**
   * Opens memory of another process, from its `ipcHandle()` or from the driver's cuIpcGetMemHandle. Disposing closes it without
   * freeing it. The process that owns the memory must keep it as long as it is in use.
   *
   * @param handle `handle`: the driver's 64 bytes; `offset`: in bytes from the beginning of the allocation, default 0; `length`: the
   *   number of floats; `device`: the number that the device has in this process, default 0
   * @throws ERR_INVALID_OPTION where it is no handle; ERR_CUDA_POINTER where the floats leave the allocation; ERR_CUDA where the
   *   driver cannot open it, in the process that made it for one; ERR_CUDA_UNAVAILABLE, ERR_CUDA_DEVICE, ERR_LENGTH, ERR_CUDA_LOST
   */
  openIpc(handle: IpcHandle): CudaArray {
    requireObject(handle, "The argument of cuda.openIpc");
    refuseUnknownKeys(handle, ["handle", "offset", "length", "device"], "cuda.openIpc");
    const { handle: bytes, offset = 0, length, device = 0 } = handle as unknown as IpcHandle;
    const number = requireDevice(device);
    if (arrayKind(bytes) !== "Uint8Array" || lengthOf(bytes) !== handleLength) {
      throw typeError("ERR_INVALID_OPTION", `handle must be a Uint8Array of ${handleLength}, got ${describe(bytes)}`);
    }
    if (!Number.isSafeInteger(offset) || offset < 0 || offset % Float32Array.BYTES_PER_ELEMENT !== 0) {
      throw rangeError("ERR_CUDA_POINTER", `offset must be a multiple of 4 bytes from 0 on, got ${describe(offset)}`);
    }
    const elements = requireLength(length);
    return makeCudaArray(addon.cuda.openIpc(bytes, offset, elements, number), elements, number);
  },
});

const handleLength = 64;

export function allocateOnDevice(device: number, length: number, stream: bigint): CudaArray {
  return makeCudaArray(addon.cuda.allocate(device, length, stream), length, device);
}

/** A copy of a Float32Array on a device; nothing is left there where it fails. */
export function copyToDevice(values: Float32Array, device: number, stream = 0n): CudaArray {
  if (addon.leased(values, false)) {
    throw plainError("ERR_LEASED", "A step under way on another thread is writing the array; await stepAsync() first");
  }
  const array = allocateOnDevice(device, lengthOf(values), stream);
  try {
    array.write(values, { stream });
  } catch (error) {
    release(array);
    throw error;
  }
  return array;
}

function readPlace(options: unknown, what: string): { device: number; stream: bigint } {
  requireObject(options, `The options of ${what}`);
  refuseUnknownKeys(options, ["device", "stream"], what);
  const { device = 0, stream = 0n } = options;
  return { device: requireDevice(device), stream: requireStream(stream) };
}
