// The gradients of one step on their way: buckets begin in one order on every rank, from the last parameters to the first, as a
// backward pass completes them.
import type { Floats } from "../arrays/placement";
import { isSparse } from "../arrays/sparse-gradient";
import { plainError, typeError } from "../errors";
import { addon, role, type MpiOutcome } from "../native/engine";
import { requireLength } from "../step/memory-checks";
import { pin } from "../step/pin";
import type { TrackedParameter } from "../step/tracked-parameter";
import { call, encode, hashOf, type Intention } from "./agreement";
import { agree, nextBatch, type Refusal } from "./collective";
import type { BucketLayout } from "./layout";
import type { Shard } from "./shard";
import type { Transport } from "./world";

export class GradientExchange {
  readonly batch = nextBatch();
  /** By tensor; undefined where nobody has looked yet. */
  readonly #gradients: (Float32Array | null | undefined)[];
  readonly #ready: Uint8Array;
  readonly #outcomes: MpiOutcome[] = [];
  #left: number;

  constructor(
    private readonly transport: Transport,
    private readonly shard: Shard,
    /** What every agreement of this step has in common. */
    private readonly intention: Intention,
  ) {
    const { length } = shard.tensors;
    this.#gradients = new Array<undefined>(length).fill(undefined);
    this.#ready = new Uint8Array(length);
    this.#left = shard.layout.buckets.length;
  }

  /** Whether a parameter's gradient was said to be complete. */
  isReady(index: number): boolean {
    return this.#ready[index] === 1;
  }

  /** Notes that a gradient is complete, and begins the buckets that are complete with it. */
  ready(index: number): void {
    this.gradientOf(index);
    this.#ready[index] = 1;
    const { buckets } = this.shard.layout;
    while (this.#left > 0 && (buckets[this.#left - 1] as BucketLayout).ranges.every((range) => this.isReady(range.index))) {
      this.#begin();
    }
  }

  /** The gradient of a tensor, checked and kept in its place. One that is on its way must still be the parameter's. */
  gradientOf(index: number): Float32Array | null {
    const tensor = this.shard.tensors[index] as TrackedParameter;
    const grad = tensor.read("grad") ?? null;
    const known = this.#gradients[index];
    if (known !== undefined) {
      if (grad === known) return known;
      throw plainError("ERR_BUSY", `${tensor.label}: its gradient was replaced after ready(), and is being exchanged`);
    }
    return (this.#gradients[index] = grad === null ? null : requireGradient(tensor, grad));
  }

  /** Whether a tensor has a gradient, once `gradientOf` has looked at it. */
  hasGradient(index: number): boolean {
    return (this.#gradients[index] ?? null) !== null;
  }

  /** Begins all buckets that have not begun, and returns what has. */
  beginAll(): MpiOutcome[] {
    while (this.#left > 0) this.#begin();
    return this.#outcomes;
  }

  /** Tells the other ranks that this one refuses, where they expect the next bucket. */
  refuse(refusal: Refusal, last: Intention): MpiOutcome[] {
    const next = this.#left > 0 ? this.#intentionOf(this.#left - 1) : last;
    return [...this.#outcomes, agree(this.transport, next, refusal, this.batch)];
  }

  #intentionOf(bucket: number): Intention {
    const { ranges } = this.shard.layout.buckets[bucket] as BucketLayout;
    const mask = ranges.map(({ index }) => (this.#gradients[index] === null ? "0" : "1")).join("");
    return { ...this.intention, call: call.bucket, bucket: bucket + 1, gradients: hashOf(mask) };
  }

  #begin(): void {
    const bucket = --this.#left;
    const { ranges, lengths, counts } = this.shard.layout.buckets[bucket] as BucketLayout;
    const arrays = ranges.map(({ index, begin, end }) => this.#gradients[index]?.subarray(begin, end) ?? null);
    const given = arrays.some((array) => array !== null) ? arrays : null;
    const parts = encode(this.#intentionOf(bucket));
    this.#outcomes.push(
      this.transport.calls.sum(parts, this.batch, given, lengths, counts, this.shard.sums[bucket] as Float32Array),
    );
  }
}

/** A gradient that can be read on another thread. */
function requireGradient(tensor: TrackedParameter, grad: Floats): Float32Array {
  if (isSparse(grad)) throw typeError("ERR_SPARSE", `${tensor.label}: its grad is sparse; Sharded exchanges whole gradients`);
  requireLength(tensor, grad, role.grad);
  const array = grad as Float32Array;
  if (addon.leased(array, false)) {
    throw plainError("ERR_LEASED", `${tensor.label}: a step under way on another thread is writing its gradient`);
  }
  pin(array);
  return array;
}
