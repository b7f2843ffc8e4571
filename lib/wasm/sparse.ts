// Sparse gradients in the module's memory, where a step reads them.
import { rangeError } from "../errors";
import type { Address, Instance } from "./instance";
import type { Views } from "./memory";

/** Where the parts of a sparse gradient lie. */
interface Placed {
  readonly rows: Address;
  readonly sets: Address;
  readonly values: Address;
}

/** Room for the sparse gradients of a table, which is used again at every step. */
export class SparseMemory {
  readonly #instance: Instance;
  readonly #views: Views;
  readonly #room = new Map<number, { address: Address; bytes: number }>();
  readonly #firsts: number[] = [];

  constructor(instance: Instance, views: Views) {
    this.#instance = instance;
    this.#views = views;
  }

  /** Notes the first dimension of a row's tensor. */
  shape(row: number, first: number): void {
    this.#firsts[row] = first;
  }

  /** The elements of one index of the first dimension. */
  widthOf(row: number, length: number): number {
    const first = this.#firsts[row] ?? 0;
    return first === 0 ? 0 : length / first;
  }

  /** Copies a gradient: its first `count` rows, and all values. */
  copy(row: number, rows: Uint32Array, sets: Int32Array | null, count: number, values: Float32Array): Placed {
    const { integers, floats } = this.#views;
    const address = this.#reserve(row, 8 * count + 4 * values.length);
    const placed = { rows: address, sets: sets === null ? 0 : address + 4 * count, values: address + 8 * count };
    for (let k = 0; k < count; ++k) {
      integers[placed.rows / 4 + k] = rows[k] as number;
      if (sets !== null) integers[placed.sets / 4 + k] = sets[k] as number;
    }
    if (values.length > 0) floats.set(values, placed.values / 4);
    return placed;
  }

  #reserve(row: number, bytes: number): Address {
    const before = this.#room.get(row);
    if (before !== undefined && before.bytes >= bytes) return before.address;
    const { exports: wasm } = this.#instance;
    const address = wasm.allocate(bytes + 64);
    if (address === 0) {
      throw rangeError("ERR_OUT_OF_MEMORY", `WebAssembly's memory has no room for a sparse gradient of ${bytes} bytes`);
    }
    if (before !== undefined) wasm.release(before.address);
    this.#room.set(row, { address, bytes });
    return address;
  }

  /** Gives all of it back. */
  release(): void {
    for (const { address } of this.#room.values()) this.#instance.exports.release(address);
    this.#room.clear();
  }
}
