// The tensors of one optimizer over WebAssembly: the interface of the addon's Table. Arrays of the module's memory are used where they
// are; others are copied in and out while a step runs.
import { rangeError, plainError } from "../errors";
import type { NativeFloats, Obstacle, Table } from "../native/addon";
import type { CheckedLists } from "../native/lists";
import { withArrays, type Address, type Instance } from "./instance";
import type { HostArray } from "./host-array";
import { addressOf, extentOf, problemOf, type Views } from "./memory";
import { DisjointMemory, obstacleOf } from "./overlap";
import { writtenBy, type Row } from "./row";
import { SparseMemory } from "./sparse";

interface Request {
  readonly setOfRow: Int32Array;
  readonly variants: Int32Array;
  readonly stages: Int32Array;
  readonly coefficients: Float32Array;
  readonly noise: Float64Array;
  readonly gradients: Float64Array;
}

/** The addresses that 32 bits can say. */
const addresses = 2 ** 32;

const tables = new FinalizationRegistry<() => void>((release) => release());

export class WasmTable implements Table {
  readonly #instance: Instance;
  readonly #views: Views;
  readonly #lists: CheckedLists;
  readonly #roles: number;
  readonly #table: Address;
  readonly #rows: (Row | undefined)[] = [];
  /** Where the request is copied to; freed with the table. */
  readonly #memory = { address: 0, bytes: 0 };
  #request: Request | undefined;
  /** Each row's part in the step at the last overlap check: 0 if it is updated, else a `rowState`. */
  #standing = new Int32Array(0);
  #newGrads = new Set<number>();
  #changed = true;
  #writable = new DisjointMemory([]);
  #nextOutside: Address;
  readonly #sparse: SparseMemory;

  constructor(instance: Instance, views: Views, lists: CheckedLists, formula: number) {
    this.#instance = instance;
    this.#views = views;
    this.#lists = lists;
    this.#roles = lists.role.ema + 1;
    this.#table = instance.exports.tableNew(formula);
    this.#nextOutside = instance.buffer.byteLength;
    const sparse = (this.#sparse = new SparseMemory(instance, views));
    const memory = this.#memory;
    const table = this.#table;
    tables.register(this, () => {
      instance.exports.tableDelete(table);
      instance.exports.release(memory.address);
      sparse.release();
    });
  }

  resize(rows: number): void {
    this.#instance.exports.tableResize(this.#table, rows);
    this.#rows.length = rows;
    this.#standing = new Int32Array(rows).fill(this.#lists.rowState.ignored - 1);
    this.#changed = true;
    if (rows === 0) this.#sparse.release();
    if (rows === 0) this.#nextOutside = this.#instance.buffer.byteLength;
  }

  shape(row: number, dimensions: number, first: number): void {
    this.#instance.exports.tableShape(this.#table, row, dimensions, first);
    this.#sparse.shape(row, first);
  }

  bind(row: number, length: number, device: number, ...given: unknown[]): { problem: number; role: number } | null {
    const { host, role, elementType } = this.#lists;
    if (device !== host) throw rangeError("ERR_CUDA_DEVICE", "WebAssembly has no devices");
    const [stateType, ...noise] = given.slice(this.#roles) as number[];
    const arrays = given.slice(0, this.#roles) as (HostArray | null)[];
    for (let k = 0; k < this.#roles; ++k) {
      if (arrays[k] === null && k >= role.grad) continue;
      const isHalf = k >= role.state && k < role.slow && stateType !== elementType.float32;
      const problem = problemOf(this.#lists.problem, arrays[k], length, isHalf ? "Uint16Array" : "Float32Array");
      if (problem !== null) return { problem, role: k };
    }
    const before = this.#rows[row];
    const outside = before?.length === length ? before.outside : this.#reserve(length);
    this.#rows[row] = { length, arrays, outside };
    const places = arrays.map((array, k) => (array === null ? 0 : this.#place(row, k)));
    if (arrays[role.out] === arrays[role.data]) places[role.out] = places[role.data] as Address;
    this.#instance.exports.tableBind(this.#table, row, length, ...places, stateType as number, ...noise);
    this.#changed = true;
    return null;
  }

  bindGrads(rows: Int32Array, grads: readonly (NativeFloats | null)[], count: number): { problem: number; index: number } | null {
    const { grad } = this.#lists.role;
    for (let k = 0; k < count; ++k) {
      const index = rows[k] as number;
      const row = this.#rows[index] as Row;
      const problem = problemOf(this.#lists.problem, grads[k], row.length);
      if (problem !== null) return { problem, index: k };
      row.arrays[grad] = grads[k] as Float32Array;
      this.#instance.exports.tableBindGrad(this.#table, index, this.#place(index, grad));
      this.#newGrads.add(index);
    }
    return null;
  }

  bindSparse(index: number, rows: Uint32Array, sets: Int32Array | null, count: number, values: NativeFloats): number {
    const { problem, role } = this.#lists;
    const row = this.#rows[index] as Row;
    const wrong = problemOf(problem, values, count * this.#sparse.widthOf(index, row.length));
    if (wrong !== null) return wrong;
    const at = this.#sparse.copy(index, rows, sets, count, values as Float32Array);
    row.arrays[role.grad] = values as Float32Array;
    this.#newGrads.add(index);
    const taken = this.#instance.exports.tableBindSparse(this.#table, index, at.rows, at.sets, count, at.values);
    if (taken === 0) throw new Error("no such row of a tensor");
    return 0;
  }

  /** Addresses for the arrays of a row. */
  #reserve(length: number): Address {
    const outside = this.#nextOutside;
    const end = outside + this.#roles * 4 * length;
    if (end > addresses)
      throw rangeError("ERR_OUT_OF_MEMORY", "The parameters of an optimizer are too many for WebAssembly's 32 bits");
    this.#nextOutside = Math.ceil(end / 64) * 64;
    return outside;
  }

  #place(row: number, which: number): Address {
    const { length, arrays, outside } = this.#rows[row] as Row;
    return addressOf(this.#instance, arrays[which] as HostArray) || outside + which * 4 * length;
  }

  setStream(): void {
    throw plainError("ERR_CUDA_UNAVAILABLE", "WebAssembly has no streams");
  }

  setSlots(): void {
    throw plainError("ERR_CUDA_UNAVAILABLE", "WebAssembly has no devices");
  }

  setSteps(): void {
    throw plainError("ERR_CUDA_UNAVAILABLE", "WebAssembly has no devices");
  }

  writeLive(): void {
    throw plainError("ERR_CUDA_UNAVAILABLE", "WebAssembly has no devices");
  }

  synchronize(): void {
    // A step is done when it returns.
  }

  setRequest(
    setOfRow: Int32Array,
    variants: Int32Array,
    stages: Int32Array,
    coefficients: Float32Array,
    noise: Float64Array,
    gradients: Float64Array,
  ): void {
    const memory = this.#memory;
    const words = setOfRow.length + variants.length + stages.length + coefficients.length;
    const bytes = 8 * (this.#lists.gradients.count + noise.length) + 4 * words;
    if (bytes > memory.bytes) {
      const { exports: wasm } = this.#instance;
      const address = wasm.allocate(bytes);
      if (address === 0) throw rangeError("ERR_OUT_OF_MEMORY", "WebAssembly's memory has no room for another optimizer");
      wasm.release(memory.address);
      Object.assign(memory, { address, bytes });
    }
    this.#request = { setOfRow, variants, stages, coefficients, noise, gradients };
  }

  step(sets: number): Obstacle | null {
    const request = this.#request as Request;
    const obstacle = this.#checkOverlap(request.setOfRow);
    if (obstacle !== null) return obstacle;
    const { doubles, integers, floats } = this.#views;
    const { count } = this.#lists.gradients;
    const instance = this.#instance;
    const gradients = this.#memory.address;
    const noise = gradients + 8 * count;
    const coefficients = noise + 8 * request.noise.length;
    const setOfRow = coefficients + 4 * request.coefficients.length;
    const variants = setOfRow + 4 * request.setOfRow.length;
    const stages = variants + 4 * request.variants.length;
    doubles.set(request.gradients, gradients / 8);
    doubles.set(request.noise, noise / 8);
    floats.set(request.coefficients, coefficients / 4);
    integers.set(request.setOfRow, setOfRow / 4);
    integers.set(request.variants, variants / 4);
    integers.set(request.stages, stages / 4);
    const ran = withArrays(
      instance,
      (row, which) => (this.#rows[row] as Row).arrays[which] as HostArray,
      () => instance.exports.tableStep(this.#table, setOfRow, variants, stages, coefficients, noise, sets, gradients),
    );
    if (ran === 0) throw new Error("this request does not fit this table");
    request.gradients.set(doubles.subarray(gradients / 8, gradients / 8 + count));
    return null;
  }

  /** Computes before it returns: there is one thread. */
  stepAsync(sets: number): Promise<undefined> | Obstacle {
    return this.step(sets) ?? Promise.resolve(undefined);
  }

  /** Checks memory for overlap, where anything about it is new. */
  #checkOverlap(setOfRow: Int32Array): Obstacle | null {
    const rows = this.#rows;
    const { role, rowState } = this.#lists;
    let others = false;
    for (let i = 0; i < rows.length; ++i) {
      const part = Math.min(setOfRow[i] as number, 0); // 0: active
      const before = this.#standing[i] as number;
      if (before === part) continue;
      this.#standing[i] = part;
      others = true;
      if (part <= rowState.ignored || before <= rowState.ignored) this.#changed = true;
    }
    if (!this.#changed && !others && this.#newGrads.size === 0) return null;
    if (this.#changed) {
      this.#writable = new DisjointMemory(
        rows.flatMap((row, i) => (this.#standing[i] === rowState.ignored ? [] : writtenBy(role, row, i))),
      );
      const overlap = this.#writable.findOverlap();
      if (overlap !== null) return obstacleOf(...overlap);
    }
    const changed = this.#changed || others;
    this.#changed = true; // until all is found to be right
    for (let i = 0; i < rows.length; ++i) {
      if (this.#standing[i] !== 0 || !(changed || this.#newGrads.has(i))) continue;
      const grad = (rows[i] as Row).arrays[role.grad];
      if (grad == null) continue;
      const extent = extentOf(grad);
      const other = this.#writable.find(extent);
      if (other !== null) return obstacleOf({ ...extent, row: i, role: role.grad }, other);
    }
    this.#newGrads.clear();
    this.#changed = false;
    return null;
  }
}
