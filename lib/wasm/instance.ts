// An instance of the WebAssembly module, with types. What it exports is written in native/wasm/exports.cpp.
import { rangeError } from "../errors";
import { sizeOf, type HostArray } from "./host-array";

/** The part of the WebAssembly API used here. TypeScript declares it in its DOM library only. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: object } }>;
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  validate(bytes: Uint8Array): boolean;
}

/** An address in the module's memory; 0 is none. */
export type Address = number;

export interface WasmExports {
  /** The C++ stack pointer. A JavaScript exception does not unwind it, so it must be reset. */
  readonly __stack_pointer: { value: number };
  initialize(): void;
  allocate(bytes: number): Address;
  release(memory: Address): void;
  lastRan(): Address;
  /** Text: every list that both languages use, in JSON. */
  lists(): Address;
  tableNew(formula: number): Address;
  tableDelete(table: Address): void;
  tableResize(table: Address, rows: number): void;
  tableShape(table: Address, row: number, dimensions: number, first: number): void;
  /** Arrays in the order of `role`; then the type of the states, and the id and the offset of their noise. */
  tableBind(table: Address, row: number, length: number, ...arraysAndMore: number[]): void;
  tableBindGrad(table: Address, row: number, grad: Address): void;
  /** Arrays of the module's memory. Returns 0 where a row is none of the tensor's. */
  tableBindSparse(table: Address, row: number, rows: Address, sets: Address, count: number, values: Address): number;
  tableStep(
    table: Address,
    setOfRow: Address,
    variants: Address,
    stages: Address,
    coefficients: Address,
    noise: Address,
    sets: number,
    gradients: Address,
  ): number;
  accumulate(into: Address, sources: Address, count: number, scale: number, length: number, pairs: boolean): void;
  widen(type: number, into: Address, from: Address, length: number): void;
  narrow(type: number, into: Address, from: Address, length: number): void;
  norm(arrays: Address, lengths: Address, count: number, order: number): number;
  read(arrays: Address, lengths: Address, count: number): number;
  scale(array: Address, length: number, factor: number): void;
  isFused(a: number, minusC: number, into: Address): number;
}

/** Finds an array outside of the module's memory, for the call at hand. */
export type Find = (number: number, role: number) => Float32Array | Uint16Array;

export interface Instance {
  readonly exports: WasmExports;
  /** All of the module's memory. It never grows, so that views of it stay valid. */
  readonly buffer: ArrayBuffer;
  /** Whether the engine's own multiply-add is at work. */
  readonly relaxed: boolean;
  /** What the module copies in and out, while it runs. */
  find: Find;
}

/** Pages of 64 KiB. Tables lie here, and arrays of `cpu.allocate` as long as there is room. */
const pages = 2048;

const nothing: Find = () => {
  throw new Error("no array is at hand");
};

/** Throws a RangeError where JavaScript's stack is nearly full: in the middle of a step it would be too late. */
function requireStack(frames: number): number {
  return frames === 0 ? 0 : 1 + requireStack(frames - 1);
}

/** Calls the module while it may copy the arrays that `find` finds. It keeps none of them alive. */
export function withArrays<T>(instance: Instance, find: Find, call: () => T): T {
  requireStack(256);
  instance.find = find;
  try {
    return call();
  } finally {
    instance.find = nothing;
  }
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with an array as `this`
const set = Function.prototype.call.bind(Float32Array.prototype.set) as (self: HostArray, from: HostArray, at?: number) => void;
// eslint-disable-next-line @typescript-eslint/unbound-method
const cut = Function.prototype.call.bind(Float32Array.prototype.subarray) as (
  self: HostArray,
  begin: number,
  end: number,
) => HostArray;

/** What the module asks for, and the instance of it once that is there. */
export interface Prepared {
  readonly imports: object;
  readonly finish: (exported: object) => Instance;
}

/** Takes memory for an instance. */
export function prepare(api: WebAssemblyApi, relaxed: boolean): Prepared {
  const memory = new api.Memory({ initial: pages, maximum: pages });
  const { buffer } = memory;
  const [floats, halves] = [new Float32Array(buffer), new Uint16Array(buffer)];
  let instance: Instance;
  let stack = 0;
  const imports = {
    env: { memory },
    adabelief: {
      load(number: number, role: number, begin: number, length: number, into: Address) {
        const array = instance.find(number, role);
        set(sizeOf(array) === 2 ? halves : floats, cut(array, begin, begin + length), into / sizeOf(array));
      },
      store(number: number, role: number, begin: number, length: number, from: Address) {
        const array = instance.find(number, role);
        const at = from / sizeOf(array);
        set(array, cut(sizeOf(array) === 2 ? halves : floats, at, at + length), begin);
      },
      outOfMemory(bytes: number) {
        instance.exports.__stack_pointer.value = stack;
        throw rangeError("ERR_OUT_OF_MEMORY", `WebAssembly's memory has no room for ${bytes} bytes more`);
      },
    },
  };
  const finish = (exported: object) => {
    const wasm = exported as WasmExports;
    wasm.initialize();
    stack = wasm.__stack_pointer.value;
    instance = { exports: wasm, buffer, relaxed, find: nothing };
    return instance;
  };
  return { imports, finish };
}

/** Whether the multiply-add of an instance rounds once: unless it does, the exact form is the only one with the right bits. */
export function isFused({ exports: wasm }: Instance): boolean {
  const scratch = wasm.allocate(16);
  const fused = wasm.isFused(1 + 2 ** -12, -(1 + 2 ** -11), scratch) !== 0;
  wasm.release(scratch);
  return fused;
}
