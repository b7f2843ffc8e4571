/** Tells how long the two parts of a training take: its gradients, and the optimizer's steps. */
export class Stopwatch {
  #gradients = 0;
  #steps = 0;

  /** Waits for gradients. */
  async gradients(compute) {
    const started = performance.now();
    const result = await compute();
    this.#gradients += performance.now() - started;
    return result;
  }

  step(update) {
    const started = performance.now();
    const result = update();
    this.#steps += performance.now() - started;
    return result;
  }

  /** What one of `count` turns took. */
  report(count) {
    const each = (total) => `${(total / count).toFixed(2)} ms`;
    const share = (100 * this.#steps) / (this.#steps + this.#gradients);
    return `${each(this.#gradients)} for the gradients, ${each(this.#steps)} (${share.toFixed(1)} %) for AdaBelief`;
  }
}
