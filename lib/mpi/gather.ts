// The parameters' values, from the ranks that wrote their parts to all ranks.
import type { MpiOutcome } from "../native/engine";
import type { TrackedParameter } from "../step/tracked-parameter";
import type { Shard } from "./shard";
import type { Transport } from "./world";

/** Begins to bring the values of the parameters that `has` names by their index to all ranks, bucket by bucket. */
export function gather({ calls }: Transport, shard: Shard, batch: number, has: (index: number) => boolean): MpiOutcome {
  const used = shard.layout.buckets.filter(({ ranges }) => ranges.some(({ index }) => has(index)));
  const arrays = used.map(({ ranges }) =>
    ranges.map(({ index, begin, end }) => {
      const { data } = (shard.tensors[index] as TrackedParameter).parameter;
      return has(index) ? (data as Float32Array).subarray(begin, end) : null;
    }),
  );
  return calls.gather(
    batch,
    arrays,
    used.map(({ lengths }) => lengths),
    used.map(({ counts }) => counts),
  );
}
