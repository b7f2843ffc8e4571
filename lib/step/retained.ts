import { release, type CudaArray } from "../cuda/array";

/** Memory of the optimizer's own that is given back, unless graphs may use it: then it is kept as long as the optimizer. */
export class Retained {
  #captured = false;
  readonly #arrays: CudaArray[] = [];
  readonly #others: unknown[] = [];

  /** Notes that a step was captured, and keeps what it uses alive. */
  capture(used: readonly unknown[]): void {
    this.#captured = true;
    this.#others.push(...used);
  }

  /** Ends the use of an array by steps. */
  giveBack(array: CudaArray): void {
    if (this.#captured) this.#arrays.push(array);
    else release(array);
  }

  /** Gives all of it back. */
  clear(): void {
    this.#captured = false;
    this.#arrays.forEach(release);
    this.#arrays.length = this.#others.length = 0;
  }
}
