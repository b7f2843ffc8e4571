import { plainError, typeError } from "../errors";

const aClosure = "a closure";
const swapping = "swapEma";

/**
 * Says which methods of an optimizer may be called now. After `dispose` or a lost device none may; during a step, or while the averages are
 * swapped in, few may.
 */
export class Guard {
  #busy: string | null = null;
  #disposed = false;
  #lost: unknown;
  #owner: string | null = null;
  #swapped = false;

  /** @param optimizer the name of its class */
  constructor(readonly optimizer: string) {}

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Runs an act that is refused while a step is under way. A closure may run it. */
  freely<T>(act: () => T): T {
    this.#requireUsable();
    this.#requireIdle();
    try {
      return act();
    } catch (error) {
      throw this.noticed(error);
    }
  }

  /** Begins an act during which every other one is refused. `leave` ends it, `noticed` takes its errors. A step allocates no closure. */
  enter(what: string): void {
    this.#requireUsable();
    if (this.#busy !== null) throw this.#isBusy();
    if (this.#swapped && what !== swapping) this.requireUnswapped();
    this.#busy = what;
  }

  leave(): void {
    this.#busy = null;
  }

  /** Runs an act during which every other one is refused. */
  exclusively<T>(what: string, act: () => T): T {
    this.enter(what);
    try {
      return act();
    } catch (error) {
      throw this.noticed(error);
    } finally {
      this.leave();
    }
  }

  /** The same until the promise is settled. */
  async exclusivelyAsync<T>(what: string, act: () => Promise<T>): Promise<T> {
    this.enter(what);
    try {
      return await act();
    } catch (error) {
      throw this.noticed(error);
    } finally {
      this.leave();
    }
  }

  /** Calls a closure, then does the rest of a step. An error of the closure says nothing about this optimizer's devices. */
  afterClosure<T>(closure: () => T, act: (result: T) => void): T {
    this.enter(aClosure);
    try {
      const result = closure();
      this.#requireUsable();
      this.leave();
      this.exclusively("step", () => act(result));
      return result;
    } finally {
      this.leave();
    }
  }

  /** Refuses every later call: what the optimizer had is another one's. */
  takeOver(owner: string): void {
    this.#requireUsable();
    this.#requireIdle();
    this.requireUnswapped();
    this.#owner = owner;
  }

  /** Exchanges the parameters' values and averages, forth or back. Returns whether the parameters hold the averages now. */
  swap(exchange: () => void): boolean {
    return this.exclusively(swapping, () => {
      exchange();
      return (this.#swapped = !this.#swapped);
    });
  }

  /** The same, where the exchange takes its time. */
  swapAsync(exchange: () => Promise<void>): Promise<boolean> {
    return this.exclusivelyAsync(swapping, async () => {
      await exchange();
      return (this.#swapped = !this.#swapped);
    });
  }

  /** Refuses an act that needs the values of the training while the parameters hold their averages. */
  requireUnswapped(): void {
    if (this.#busy === swapping) throw this.#isBusy();
    if (!this.#swapped) return;
    throw plainError("ERR_AVERAGE", `The parameters of this ${this.optimizer} hold their averages: call swapEma() first`);
  }

  /** Refuses every later call. Returns false if it was called before. */
  dispose(): boolean {
    if (this.#disposed) return false;
    if (this.#owner !== null) throw this.#isTaken(this.#owner);
    this.#requireIdle();
    this.#disposed = true;
    return true;
  }

  #requireUsable(): void {
    if (this.#disposed) throw plainError("ERR_DISPOSED", `This ${this.optimizer} was disposed`);
    if (this.#owner !== null) throw this.#isTaken(this.#owner);
    if (this.#lost !== undefined) throw this.#isLost(this.#lost as Error & { code: string });
  }

  #isLost(error: Error & { code: string }): Error {
    if (error.code === "ERR_MPI_LOST") {
      return plainError("ERR_MPI_LOST", `This ${this.optimizer} is lost: ${error.message}. Go on from a checkpoint`, error);
    }
    const what = `This ${this.optimizer} is lost, because a device failed: ${error.message}`;
    const advice = "Dispose of it, and go on from a checkpoint, in a new process or on the host";
    return plainError("ERR_CUDA_LOST", `${what}. ${advice}`, error);
  }

  #isTaken(owner: string): Error {
    const what = `This ${this.optimizer} was taken over by a ${owner}`;
    return typeError("ERR_OPTIMIZER", `${what}: call the methods of that one; the groups here stay live`);
  }

  /** Refuses a call during a step. A closure may make it. */
  #requireIdle(): void {
    if (this.#busy !== null && this.#busy !== aClosure) throw this.#isBusy();
  }

  #isBusy(): Error {
    return plainError("ERR_BUSY", `This ${this.optimizer} is in the middle of ${this.#busy ?? "a step"}`);
  }

  /** Passes an error on. After the error of a lost device the optimizer is lost. */
  noticed(error: unknown): unknown {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === "ERR_CUDA_LOST" || code === "ERR_MPI_LOST") this.#lost = error;
    return error;
  }
}
