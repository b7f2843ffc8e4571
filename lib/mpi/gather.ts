// The parameters' values, from the ranks that wrote their parts to all ranks.
import type { MpiOutcome } from "../native/engine";
import type { Shard } from "./shard";
import type { Transport } from "./world";

/** Begins to bring values to all ranks, bucket by bucket. `dataOf` is the data of a parameter, or null where it stays as it is. */
export function gather(
  { calls }: Transport,
  shard: Shard,
  batch: number,
  dataOf: (index: number) => Float32Array | null,
): MpiOutcome {
  const used = shard.layout.buckets.filter(({ ranges }) => ranges.some(({ index }) => dataOf(index) !== null));
  const arrays = used.map(({ ranges }) => ranges.map(({ index, begin, end }) => dataOf(index)?.subarray(begin, end) ?? null));
  return calls.gather(
    batch,
    arrays,
    used.map(({ lengths }) => lengths),
    used.map(({ counts }) => counts),
  );
}
