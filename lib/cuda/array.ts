import { arrayKind, describe, describeAlso, lengthOf, plainError, rangeError, typeError } from "../errors";
import { hostZeros } from "../arrays/memory";
import { addon, type DeviceMemory } from "../native/engine";
import { readStream, type StreamOptions } from "./driver";

/** Identifies an array for another process. It is plain data: clone it, or serialize it and send it over any channel. */
export interface IpcHandle {
  /** The driver's handle of the allocation (CUipcMemHandle): 64 bytes. */
  readonly handle: Uint8Array;
  /** Where the array begins in it, in bytes. Default 0. */
  readonly offset?: number;
  /** The number of floats. */
  readonly length: number;
  /** The number of the device. Default 0. */
  readonly device?: number;
}

/** Makes an array of native memory. `owner` is kept alive as long as it. */
export let makeCudaArray: (memory: DeviceMemory, length: number, device: number, owner?: unknown) => CudaArray;
/** Whether a value is a CudaArray. Nothing can pass for one. */
export let isCudaArray: (value: unknown) => value is CudaArray;
/** The native handle of an array's memory. */
export let memoryOf: (array: CudaArray) => DeviceMemory;
/** The true length, 0 after dispose, and the device. Own properties of the object cannot change them. */
export let lengthOnDevice: (array: CudaArray) => number;
export let deviceOf: (array: CudaArray) => number;
/** How many arrays have been disposed of so far. While this number is the same, every array still has its memory. */
export const disposals = (): number => disposed;
/** Frees an array of this package. If it is in use or the driver refuses, the garbage collector frees it later. */
export let release: (array: CudaArray) => void;

const making = Symbol("making");

let disposed = 0;

/** What must live as long as an array does. */
const owners = new WeakMap<CudaArray, unknown>();

/**
 * Floats in the memory of a CUDA device. `cuda.allocate`, `cuda.from`, `cuda.wrap` and `cuda.openIpc` make them.
 *
 * The memory is given back by `dispose()`, at the end of a block with `using`, or after garbage collection. The collector does not
 * know how full a device is: dispose of large arrays.
 */
export class CudaArray {
  readonly #memory: DeviceMemory;
  readonly #device: number;
  #length: number;
  #disposed = false;
  #reads = 0;

  static {
    makeCudaArray = (memory, length, device, owner) => new CudaArray(making, memory, length, device, owner);
    isCudaArray = (value): value is CudaArray => typeof value === "object" && value !== null && #memory in value;
    memoryOf = (array) => array.#memory;
    lengthOnDevice = (array) => array.#length;
    deviceOf = (array) => array.#device;
    release = (array) => {
      try {
        array.dispose();
      } catch {
        // Its finalizer tries again; a lost device has no memory to be given back.
      }
    };
    describeAlso((value) => {
      if (!(#memory in value)) return undefined;
      return value.#disposed ? "a disposed CudaArray" : `a CudaArray of ${value.#length} on device ${value.#device}`;
    });
  }

  private constructor(made: symbol, memory: DeviceMemory, length: number, device: number, owner: unknown) {
    if (made !== making) {
      const makers = "cuda.allocate, cuda.from, cuda.wrap and cuda.openIpc";
      throw typeError("ERR_INVALID_PARAMETER", `CudaArrays are made by ${makers}, not by their constructor`);
    }
    this.#memory = memory;
    this.#length = length;
    this.#device = device;
    if (owner !== undefined) owners.set(this, owner);
  }

  /** The number of floats; 0 once it is disposed. */
  get length(): number {
    return this.#length;
  }

  /** The number of the device that it lies on. */
  get device(): number {
    return this.#device;
  }

  /** Whether its memory was given back. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The address on the device, as CUdeviceptr has it. An array without elements has 0n. */
  get pointer(): bigint {
    this.#requireUsable();
    return addon.cuda.pointer(this.#memory);
  }

  /**
   * A copy on the host. Waits for the work that the stream had before, and for the copy.
   *
   * @param options `stream`: default 0n, the legacy default stream. What another stream is still writing is not waited for
   * @throws ERR_DISPOSED, ERR_LEASED, ERR_CUDA_STREAM, ERR_OUT_OF_MEMORY, ERR_CUDA, ERR_CUDA_LOST
   */
  read(options: StreamOptions = {}): Float32Array {
    const stream = readStream(options, "read");
    const into = this.#room();
    if (into.length > 0) addon.cuda.read(this.#memory, into, stream);
    return into;
  }

  /**
   * The same without waiting: the promise resolves to the copy. Until then the array cannot be disposed.
   *
   * @throws never: the promise is rejected with what `read` throws
   */
  async readAsync(options: StreamOptions = {}): Promise<Float32Array> {
    const stream = readStream(options, "readAsync");
    const into = this.#room();
    if (into.length === 0) return into;
    this.#reads += 1;
    try {
      await addon.cuda.readAsync(this.#memory, into, stream);
    } finally {
      this.#reads -= 1;
    }
    return into;
  }

  /**
   * Copies values from the host, after the work that the stream had before. When it returns, `values` may be changed again.
   *
   * @param values as many as the array is long
   * @param options `stream`: default 0n, the legacy default stream
   * @throws ERR_NOT_FLOAT32, ERR_LENGTH, ERR_DISPOSED, ERR_LEASED, ERR_CUDA_STREAM, ERR_CUDA, ERR_CUDA_LOST
   */
  write(values: Float32Array, options: StreamOptions = {}): void {
    const stream = readStream(options, "write");
    if (arrayKind(values) !== "Float32Array") {
      throw typeError("ERR_NOT_FLOAT32", `write takes a Float32Array, got ${describe(values)}`);
    }
    this.#requireUsable();
    const length = lengthOf(values);
    if (length !== this.#length) {
      throw rangeError("ERR_LENGTH", `write takes ${this.#length} elements, as many as the array has, got ${length}`);
    }
    if (addon.leased(values, false)) throw leased("The array that is to be copied is");
    if (addon.leased(this.#memory, true)) throw leased("This CudaArray is");
    if (length > 0) addon.cuda.write(this.#memory, values, stream);
  }

  /**
   * What another process opens this memory with: see `cuda.openIpc`. This process must keep the array until the other is done. The
   * driver puts allocations below 2 MiB into common blocks and shares whole blocks: share arrays of at least 2 MiB.
   *
   * @throws ERR_DISPOSED; ERR_CUDA where the driver cannot share it: memory of another process, or on a system without IPC
   */
  ipcHandle(): Required<IpcHandle> {
    this.#requireUsable();
    return { ...addon.cuda.ipcHandle(this.#memory), length: this.#length, device: this.#device };
  }

  /**
   * Frees the memory after the work that uses it. Memory from `cuda.wrap` is not freed: the array drops it and its owner, without
   * waiting. Every later use throws ERR_DISPOSED; a second dispose does nothing.
   *
   * @throws ERR_LEASED while a `readAsync` or a `stepAsync` uses it; ERR_CUDA, ERR_CUDA_LOST
   */
  dispose(): void {
    if (this.#disposed) return;
    if (this.#reads > 0) throw plainError("ERR_LEASED", "This CudaArray is being copied to the host; await readAsync() first");
    if (addon.leased(this.#memory, true)) throw leased("This CudaArray is");
    addon.cuda.free(this.#memory);
    this.#disposed = true;
    this.#length = 0;
    disposed += 1;
    owners.delete(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Room on the host for what is here. */
  #room(): Float32Array {
    this.#requireUsable();
    if (addon.leased(this.#memory, false)) throw leased("This CudaArray is being written: it is");
    return hostZeros(this.#length);
  }

  #requireUsable(): void {
    if (this.#disposed) throw plainError("ERR_DISPOSED", "This CudaArray was disposed");
  }
}

const leased = (what: string): Error =>
  plainError("ERR_LEASED", `${what} in use by a step under way on another thread; await stepAsync() first`);
