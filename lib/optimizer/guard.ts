import { plainError } from "../errors";

const aClosure = "a closure";

/** Who may call an optimizer now: nobody once it was disposed of or lost, and few while a step is under way. */
export class Guard {
  #busy: string | null = null;
  #disposed = false;
  #lost: unknown;

  /** @param optimizer the name of its class */
  constructor(readonly optimizer: string) {}

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Does what only waits for its turn. A closure may do it, too. */
  freely<T>(act: () => T): T {
    this.#requireUsable();
    this.#requireIdle();
    try {
      return act();
    } catch (error) {
      throw this.noticed(error);
    }
  }

  /** Begins what nothing else may interrupt; `leave` ends it, and `noticed` takes its errors. A step allocates no closure for that. */
  enter(what: string): void {
    this.#requireUsable();
    if (this.#busy !== null) throw this.#isBusy();
    this.#busy = what;
  }

  leave(): void {
    this.#busy = null;
  }

  /** Does what nothing else may interrupt. */
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

  /** Calls a closure, then does the rest of a step. What the closure throws need not be about the devices of this optimizer. */
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

  /** Forbids every later call. False: that was done before. */
  dispose(): boolean {
    if (this.#disposed) return false;
    this.#requireIdle();
    this.#disposed = true;
    return true;
  }

  #requireUsable(): void {
    if (this.#disposed) throw plainError("ERR_DISPOSED", `This ${this.optimizer} was disposed`);
    if (this.#lost === undefined) return;
    const what = `This ${this.optimizer} is lost, because a device failed: ${(this.#lost as Error).message}`;
    const advice = "Dispose of it, and go on from a checkpoint, in a new process or on the host";
    throw plainError("ERR_CUDA_LOST", `${what}. ${advice}`, this.#lost);
  }

  /** Refuses a call from within a step; a closure may still call it. */
  #requireIdle(): void {
    if (this.#busy !== null && this.#busy !== aClosure) throw this.#isBusy();
  }

  #isBusy(): Error {
    return plainError("ERR_BUSY", `This ${this.optimizer} is in the middle of ${this.#busy ?? "a step"}`);
  }

  /** An error on its way out: after that of a lost device the optimizer is lost. */
  noticed(error: unknown): unknown {
    if ((error as { code?: unknown } | null | undefined)?.code === "ERR_CUDA_LOST") this.#lost = error;
    return error;
  }
}
