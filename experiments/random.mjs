import { crc32 } from "node:zlib";

/** Uniform and normal numbers from a seed (mulberry32), with a state that a checkpoint can hold. */
export class Random {
  constructor(seed) {
    this.state = Math.imul(seed, 0x9e3779b1) | 0;
  }

  /** In [0, 1). */
  uniform() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From the standard normal distribution (Box and Muller). */
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A whole number below `count`. */
  below(count) {
    return Math.floor(this.uniform() * count);
  }

  /** Puts an array into a random order. */
  shuffle(array) {
    for (let k = array.length - 1; k > 0; --k) {
      const other = this.below(k + 1);
      [array[k], array[other]] = [array[other], array[k]];
    }
    return array;
  }
}

/** Random numbers for one purpose of one run: "weights", say, or "batches of epoch 3". */
export const randomFor = (seed, purpose) => new Random(crc32(`${seed} ${purpose}`));
