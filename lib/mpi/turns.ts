// Agreements of one act, each with its number. A rank that fails between two of them tells the others at the next one.
import type { Intention } from "./agreement";
import { agreeNow, attempt, type Refusal } from "./collective";
import type { Transport } from "./world";

export class Turns {
  #count = 0;
  /** Whether an agreement has failed: then all ranks know. */
  #failed = false;

  constructor(
    private readonly transport: Transport,
    private readonly intention: Intention,
  ) {}

  async next(refusal?: Refusal): Promise<void> {
    try {
      await agreeNow(this.transport, { ...this.intention, bucket: ++this.#count }, refusal);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Local checks, and an agreement that all ranks have passed theirs. */
  async check<T>(act: () => T): Promise<T> {
    const checked = attempt(act);
    await this.next("error" in checked ? checked : undefined);
    return (checked as { done: T }).done;
  }

  /** What this rank does between agreements. Its error is that of the next agreement. */
  async between<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!this.#failed) await this.next({ error });
      throw error;
    }
  }
}
