// The exchange of parameters and averages: each rank exchanges what it owns, then all get the new values.
import { planExchange } from "../optimizer/exchange-averages";
import { call } from "./agreement";
import { nextBatch, settle } from "./collective";
import { gather } from "./gather";
import type { Shard } from "./shard";
import { requireReady, type ShardedSteps } from "./sharded-steps";
import { Turns } from "./turns";
import type { Transport } from "./world";

/** Exchanges the values of every parameter that has an average with it. A failure before the last part changes nothing. */
export async function swapShardedAverages(
  transport: Transport,
  shard: Shard,
  steps: ShardedSteps,
  check: () => void,
): Promise<void> {
  const { data, exchange } = await new Turns(transport, steps.intention(call.swapEma)).check(() => {
    check();
    const data = requireReady(transport, shard, steps);
    data.forEach((array, index) => shard.bind(index, array));
    return { data, exchange: planExchange(shard.pieces.flat().map(({ tracked }) => tracked)) };
  });
  exchange();
  const dataOf = (index: number) => (shard.stateOf(index).ema === null ? null : (data[index] as Float32Array));
  await settle([gather(transport, shard, nextBatch(), dataOf)]);
}
