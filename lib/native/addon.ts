// The interface of an engine, which native code and WebAssembly implement.
import type { Lists } from "./lists";

/** What prevents a step: an overlap of two arrays, or one array that another step is using. */
export interface Obstacle {
  readonly row: number;
  readonly role: number;
  readonly otherRow?: number;
  readonly otherRole?: number;
}

/** Memory on a device: opaque here, tagged and checked by the addon, freed with its last owner. */
export interface DeviceMemory {
  readonly deviceMemory: unique symbol;
}

/** What stands for an array of floats in native code; and for a state array, whose elements may have 16 bits. */
export type NativeFloats = Float32Array | DeviceMemory;
export type NativeState = NativeFloats | Uint16Array;

/** See native/addon/table_object.h. `device` is `host` or the number of the device that all arrays of the row lie on. */
export interface Table {
  resize(rows: number): void;
  shape(row: number, dimensions: number, first: number): void;
  bind(
    row: number,
    length: number,
    device: number,
    data: NativeFloats,
    out: NativeFloats,
    grad: NativeFloats | null,
    state0: NativeState | null,
    state1: NativeState | null,
    state2: NativeState | null,
    slow: NativeFloats | null,
    ema: NativeFloats | null,
    /** An `elementType`. */
    stateType: number,
    /** Whose random bits round the state, and from which of its elements on. */
    noiseId: number,
    noiseOffset: number,
  ): { problem: number; role: number } | null;
  bindGrads(rows: Int32Array, grads: readonly (NativeFloats | null)[], count: number): { problem: number; index: number } | null;
  /** Binds the first `count` rows of a sparse gradient. Returns what is wrong with `values`, or 0. */
  bindSparse(row: number, rows: Uint32Array, sets: Int32Array | null, count: number, values: NativeFloats): number;
  setStream(stream: bigint): void;
  synchronize(): void;
  setRequest(
    setOfRow: Int32Array,
    variants: Int32Array,
    stages: Int32Array,
    coefficients: Float32Array,
    noise: Float64Array,
    gradients: Float64Array,
  ): void;
  /** The slots that a device may leave norms in, or null. */
  setSlots(memory: DeviceMemory | null): void;
  /** The sets for devices that find the steps of their rows, and the memory that they do it in; or null. */
  setSteps(live: Uint8Array | null, counts: DeviceMemory | null, steps: DeviceMemory | null): void;
  /** Brings these sets to the devices, in the order of a stream. */
  writeLive(sets: number, stream: bigint): void;
  step(sets: number): Obstacle | null;
  stepAsync(sets: number, owners: readonly object[]): Promise<undefined> | Obstacle;
}

/** What the driver says of a device. */
export interface CudaDevice {
  /** As in "NVIDIA H200". */
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  /** As in "9.0". */
  readonly computeCapability: string;
}

/** What was found when the driver was looked for. */
export interface CudaDriver {
  readonly available: boolean;
  /** Why not, in words; "" where available. */
  readonly reason: string;
  /** 13000 is CUDA 13.0; 0: no driver. */
  readonly driverVersion: number;
  /** Whether it is the library made for tests, which runs the kernels on the processor. */
  readonly standIn: boolean;
  readonly devices: readonly CudaDevice[];
}

/** See native/addon/cuda_memory.cpp and cuda_arrays.cpp. Streams are the driver's handles, 0n the legacy default stream. */
export interface CudaAddon {
  /** Gives errors that native code makes this property, which is true. */
  brandErrors(brand: symbol): void;
  load(path: string): CudaDriver;
  allocate(device: number, length: number, stream: bigint): DeviceMemory;
  wrap(pointer: bigint, length: number, device: number): DeviceMemory;
  openIpc(handle: Uint8Array, offset: number, length: number, device: number): DeviceMemory;
  ipcHandle(memory: DeviceMemory): { handle: Uint8Array; offset: number };
  pointer(memory: DeviceMemory): bigint;
  read(memory: DeviceMemory, into: Float32Array, stream: bigint): void;
  readAsync(memory: DeviceMemory, into: Float32Array, stream: bigint): Promise<undefined>;
  write(memory: DeviceMemory, from: Float32Array, stream: bigint): void;
  fill(memory: DeviceMemory, value: number, stream: bigint): void;
  free(memory: DeviceMemory): void;
  /** Of arrays on one device and of one length. The index of the first source that overlaps `into`, or null. */
  accumulate(into: DeviceMemory, sources: readonly DeviceMemory[], scale: number, pairs: boolean, stream: bigint): number | null;
  /** Whether what a stream is given is captured into a graph. */
  capturing(device: number, stream: bigint): boolean;
  /** The Euclidean norm of arrays in any places. */
  norm(arrays: readonly NativeFloats[], stream: bigint): number;
  scale(arrays: readonly DeviceMemory[], factor: number, stream: bigint): void;
}

/** How something that ranks do together failed: a `fault` of lib/mpi/agreement.ts, whose rank it is, and which part of the agreement. */
export interface MpiFailure {
  readonly fault: number;
  readonly message: string;
  readonly rank: number;
  readonly part: number;
}

/** A promise of an exchange, which is never rejected. */
export type MpiOutcome = Promise<MpiFailure | undefined>;

/** See native/addon/mpi_object.cpp. A bucket is a list of arrays, null for zeros, their lengths, and how much of it is each rank's. */
export interface MpiAddon {
  find(names: readonly string[]): { reason: string; path: string; version: string; abi: string };
  setTimeout(seconds: number): void;
  /** Writes rank and size. Blocks this thread until MPI has started. */
  start(into: Int32Array, color: number): MpiOutcome;
  end(): MpiOutcome;
  abort(code: number): never;
  agree(ok: boolean, parts: Float64Array, message: string, batch: number): MpiOutcome;
  sum(
    parts: Float64Array,
    batch: number,
    arrays: readonly (Float32Array | null)[] | null,
    lengths: Float64Array,
    counts: Int32Array,
    own: Float32Array,
  ): MpiOutcome;
  squares(batch: number, arrays: readonly Float32Array[], firsts: Float64Array, scale: number, sums: Float64Array): MpiOutcome;
  gather(
    batch: number,
    arrays: readonly (readonly (Float32Array | null)[])[],
    lengths: readonly Float64Array[],
    counts: readonly Int32Array[],
  ): MpiOutcome;
  transfer(from: Uint8Array, counts: Int32Array, into: Uint8Array, intoCounts: Int32Array): MpiOutcome;
  broadcast(bytes: Uint8Array, root: number): MpiOutcome;
  /** Writes the seconds that one of a `cost` of lib/bench/mpi.ts takes. */
  measure(cost: number, data: Float32Array, bucket: number, repeats: number, into: Float64Array): MpiOutcome;
}

/** What an engine exports. */
export interface Engine {
  /** Every list that both languages use, in JSON. */
  readonly lists: string;
  readonly cuda: CudaAddon;
  /** Absent where MPI cannot be called at all: in WebAssembly, and on Windows. */
  readonly mpi?: MpiAddon;
  Table: new (formula: string) => Table;
  backends(): { name: string; supported: boolean }[];
  backend(): string;
  lastRan(): string;
  /** A `backendChoice`. */
  useBackend(name: string, byDefault: boolean): number;
  allocate(length: number, like?: Float32Array): Float32Array | null;
  /** The same of 16 bits. It reaches the next cache line together with `like`. */
  allocateHalves(length: number, like?: Float32Array): Uint16Array | null;
  /** Keeps the memory of an array for good, as a program may hold a part of it. Native memory needs no call: its parts keep it. */
  keep?(array: Float32Array | Uint16Array): void;
  accumulate(into: Float32Array, sources: readonly Float32Array[], scale: number, pairs: boolean): number | null;
  /** Converts between an `elementType` of 16 bits and float32; false where the arrays overlap: nothing is written then. */
  widen(type: number, into: Float32Array, from: Uint16Array): boolean;
  narrow(type: number, into: Uint16Array, from: Float32Array): boolean;
  read(arrays: readonly Float32Array[]): number;
  norm(arrays: readonly Float32Array[], order: number): number;
  scale(arrays: readonly Float32Array[], factor: number): void;
  overlap(arrays: readonly NativeFloats[]): readonly [number, number] | null;
  leased(array: NativeFloats | Uint16Array, writing: boolean): boolean;
  threads(): number;
  setThreads(count: number, byDefault: boolean): boolean;
  readonly maxThreads: number;
}

/** An engine, and its lists. */
export type Addon = Engine & Lists;
