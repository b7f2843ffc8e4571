// The interface of an engine over WebAssembly: one thread, no devices, the same bits.
import { lengthOf, plainError } from "../errors";
import type { CudaAddon, DeviceMemory, Engine, NativeFloats } from "../native/addon";
import { parseLists, readLists } from "../native/lists";
import { withArrays, type Address, type Instance } from "./instance";
import { addressOf, bytesOf, extentOf, overlap, Views } from "./memory";
import * as modules from "./modules";
import { DisjointMemory } from "./overlap";
import { startWasm } from "./start";
import { WasmTable } from "./table";

/** The name of the only backend. */
export const wasmBackend = "wasm";

const reason = "WebAssembly cannot use CUDA; it needs adabelief's native binary";
const refuse = (): never => {
  throw plainError("ERR_CUDA_UNAVAILABLE", `CUDA cannot run here: ${reason}`);
};
const cuda: CudaAddon = {
  brandErrors: () => undefined,
  load: () => ({ available: false, reason, driverVersion: 0, standIn: false, devices: [] }),
  allocate: refuse,
  wrap: refuse,
  openIpc: refuse,
  ipcHandle: refuse,
  pointer: refuse,
  read: refuse,
  readAsync: refuse,
  write: refuse,
  fill: refuse,
  free: (_memory: DeviceMemory) => refuse(),
  accumulate: refuse,
  capturing: refuse,
  norm: refuse,
  scale: refuse,
};

/** What is true before the module runs. */
export const facts = {
  cuda,
  backends: () => [{ name: wasmBackend, supported: true }],
  backend: () => wasmBackend,
  useBackend: (wanted: string) => {
    const { chosen, unknown } = readLists(parseLists(modules.lists)).backendChoice;
    return wanted === wasmBackend ? chosen : unknown;
  },
  leased: () => false,
  threads: () => 1,
  setThreads: () => true,
  maxThreads: 1,
} satisfies Partial<Engine>;

/** Bytes that arrays leave for tables, lists and pieces. */
const reserve = 2 ** 23;

/** The arrays that are given back with the last reference to them. */
const given = new FinalizationRegistry<() => void>((release) => release());

class WasmEngine {
  readonly #instance: Instance;
  readonly #views: Views;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#views = new Views(instance);
    if (this.#views.text(instance.exports.lists()) !== modules.lists) {
      throw plainError("ERR_NO_BINARY", "adabelief's WebAssembly belongs to another release: install the package again");
    }
  }

  /** What the rest of the package sees. */
  toEngine(): Engine {
    const instance = this.#instance;
    const views = this.#views;
    const lists = parseLists(modules.lists);
    const names = Object.keys(lists.formulas);
    const numbers = readLists(lists);
    class Table extends WasmTable {
      constructor(formula: string) {
        const number = names.indexOf(formula);
        if (number < 0) throw new Error(`no formula is called ${formula}`);
        super(instance, views, numbers, number);
      }
    }
    const { exports: wasm } = instance;
    return {
      ...facts,
      lists: modules.lists,
      Table: Table,
      lastRan: () => views.text(wasm.lastRan()),
      allocate: (length, like) => this.#allocate(length, 4, like) as Float32Array | null,
      allocateHalves: (length, like) => this.#allocate(length, 2, like) as Uint16Array | null,
      keep: (array) => void given.unregister(array),
      accumulate: (into, sources, scale, pairs) => this.#accumulate(into, sources, scale, pairs),
      widen: (type, into, from) => this.#convert((...given) => wasm.widen(...given), type, into, from),
      narrow: (type, into, from) => this.#convert((...given) => wasm.narrow(...given), type, into, from),
      read: (arrays) => this.#withList(arrays, (list, lengths) => wasm.read(list, lengths, arrays.length)),
      norm: (arrays, order) => this.#withList(arrays, (list, lengths) => wasm.norm(list, lengths, arrays.length, order)),
      scale: (arrays, factor) => this.#scale(arrays, factor),
      overlap: (arrays) => this.#overlap(arrays),
    };
  }

  /**
   * Allocates in the module's memory, which needs no copies. Returns null if only the reserve for tables is left. Only state
   * (`like` a parameter) is ever freed, and only if no program has seen it: a program could keep a subarray unnoticed.
   */
  #allocate(length: number, size: 2 | 4, like?: Float32Array): Float32Array | Uint16Array | null {
    const { exports: wasm, buffer } = this.#instance;
    const phase = like === undefined || size === 2 ? 0 : (extentOf(like).begin % 64) & ~3;
    const address = size * length < buffer.byteLength ? wasm.allocate(size * length + phase) : 0;
    if (address === 0) return null;
    const spare = wasm.allocate(reserve);
    wasm.release(spare);
    if (spare === 0) {
      wasm.release(address);
      return null;
    }
    const array = size === 4 ? new Float32Array(buffer, address + phase, length) : new Uint16Array(buffer, address, length);
    bytesOf(array).fill(0);
    if (like !== undefined) given.register(array, () => wasm.release(address), array);
    return array;
  }

  /** Calls a function with memory of its own for some bytes. */
  #withMemory<T>(bytes: number, use: (address: Address) => T): T {
    const { exports: wasm } = this.#instance;
    const address = wasm.allocate(bytes);
    if (address === 0) throw plainError("ERR_OUT_OF_MEMORY", `WebAssembly's memory has no room for ${bytes} bytes more`);
    try {
      return use(address);
    } finally {
      wasm.release(address);
    }
  }

  #withList<T>(arrays: readonly Float32Array[], use: (list: Address, lengths: Address) => T): T {
    const { integers } = this.#views;
    const count = arrays.length;
    return this.#withMemory(8 * count + 8, (list) => {
      const lengths = list + 4 * count;
      arrays.forEach((array, k) => {
        integers[list / 4 + k] = addressOf(this.#instance, array) || this.#instance.buffer.byteLength;
        integers[lengths / 4 + k] = lengthOf(array);
      });
      return withArrays(
        this.#instance,
        (k) => arrays[k] as Float32Array,
        () => use(list, lengths),
      );
    });
  }

  /** Calls a function for pieces of one length, which it finds in the module's memory one after the other. */
  #inPieces(length: number, arrays: number, use: (begin: number, end: number, at: Address[]) => void): void {
    const piece = Math.max(16, Math.min(16384, 2 ** Math.floor(Math.log2(2 ** 20 / arrays))));
    this.#withMemory(4 * piece * arrays, (address) => {
      const at = Array.from({ length: arrays }, (_, k) => address + 4 * piece * k);
      for (let begin = 0; begin < length; begin += piece) use(begin, Math.min(length, begin + piece), at);
    });
  }

  #load(array: Float32Array, begin: number, end: number, at: Address): void {
    this.#views.floats.set(Float32Array.prototype.subarray.call(array, begin, end), at / 4);
  }

  #store(array: Float32Array, begin: number, end: number, at: Address): void {
    Float32Array.prototype.set.call(array, this.#views.floats.subarray(at / 4, at / 4 + end - begin), begin);
  }

  #accumulate(into: Float32Array, sources: readonly Float32Array[], scale: number, pairs: boolean): number | null {
    const target = new DisjointMemory([{ ...extentOf(into), row: 0, role: 0 }]);
    const overlapping = sources.findIndex((source) => target.find(extentOf(source)) !== null);
    if (overlapping >= 0) return overlapping;
    const { integers } = this.#views;
    this.#withMemory(4 * sources.length, (list) => {
      this.#inPieces(lengthOf(into), 1 + sources.length, (begin, end, [target, ...at]) => {
        this.#load(into, begin, end, target as Address);
        sources.forEach((source, k) => this.#load(source, begin, end, at[k] as Address));
        integers.set(at, list / 4);
        this.#instance.exports.accumulate(target as Address, list, sources.length, scale, end - begin, pairs);
        this.#store(into, begin, end, target as Address);
      });
    });
    return null;
  }

  /** Converts by pieces; false where the arrays overlap. */
  #convert<A extends Float32Array | Uint16Array, B extends Float32Array | Uint16Array>(
    run: (type: number, into: Address, from: Address, length: number) => void,
    type: number,
    into: A,
    from: B,
  ): boolean {
    if (overlap(into, from)) return false;
    const { bytes } = this.#views;
    this.#inPieces(lengthOf(from), 2, (begin, end, [target = 0, source = 0]) => {
      bytes.set(bytesOf(from, begin, end), source);
      run(type, target, source, end - begin);
      const result = bytesOf(into, begin, end);
      result.set(bytes.subarray(target, target + result.length));
    });
    return true;
  }

  #scale(arrays: readonly Float32Array[], factor: number): void {
    for (const array of arrays) {
      this.#inPieces(lengthOf(array), 1, (begin, end, [at]) => {
        this.#load(array, begin, end, at as Address);
        this.#instance.exports.scale(at as Address, end - begin, factor);
        this.#store(array, begin, end, at as Address);
      });
    }
  }

  #overlap(arrays: readonly NativeFloats[]): readonly [number, number] | null {
    const memory = new DisjointMemory(arrays.map((array, k) => ({ ...extentOf(array as Float32Array), row: k, role: 0 })));
    const found = memory.findOverlap();
    return found === null ? null : [found[0].row, found[1].row];
  }
}

/** The engine over an instance of the module. */
export const engineOf = (instance: Instance): Engine => new WasmEngine(instance).toEngine();

/**
 * Starts WebAssembly.
 *
 * @throws ERR_NO_BINARY where the engine cannot run it
 */
export const loadWasmEngine = (form?: string): Engine => engineOf(startWasm(form));
