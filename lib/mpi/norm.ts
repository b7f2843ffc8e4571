// The norm of all gradients, whose blocks are summed by their owners: added up in the order of one process.
import type { MpiOutcome } from "../native/engine";
import { block } from "./layout";
import type { Shard } from "./shard";
import type { Transport } from "./world";

export class GradientNorm {
  /** By tensor: where its sums begin; -1 where it has no gradient. */
  readonly #firsts: number[];
  readonly #blocks: number[];
  readonly #sums: Float64Array;

  constructor(
    private readonly shard: Shard,
    hasGradient: (index: number) => boolean,
  ) {
    let count = 0;
    this.#blocks = shard.tensors.map(({ length }) => Math.ceil(length / block));
    this.#firsts = this.#blocks.map((blocks, index) => {
      if (!hasGradient(index)) return -1;
      count += blocks;
      return count - blocks;
    });
    this.#sums = new Float64Array(count);
  }

  /** Sums this rank's blocks of scaled gradients, and gets those of the others. */
  exchange({ calls }: Transport, batch: number, scale: number): MpiOutcome {
    const own = this.shard.pieces.flat().filter(({ index, sum }) => (this.#firsts[index] as number) >= 0 && sum.length > 0);
    const firsts = Float64Array.from(own, ({ index, begin }) => (this.#firsts[index] as number) + begin / block);
    return calls.squares(
      batch,
      own.map(({ sum }) => sum),
      firsts,
      scale,
      this.#sums,
    );
  }

  /** The norm, once the exchange is done. */
  value(): number {
    let total = 0;
    this.#firsts.forEach((first, index) => {
      const blocks = this.#blocks[index] as number;
      if (first < 0 || blocks === 0) return;
      let sum = this.#sums[first] as number;
      for (let k = 1; k < blocks; ++k) sum += this.#sums[first + k] as number;
      total += sum;
    });
    return Math.sqrt(total);
  }
}
