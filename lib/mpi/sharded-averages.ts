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
export async function swapShardedAverages(transport: Transport, shard: Shard, steps: ShardedSteps): Promise<void> {
  const exchange = await new Turns(transport, steps.intention(call.swapEma)).check(() => {
    requireReady(transport, shard, steps);
    for (const tensor of shard.tensors) shard.bind(tensor);
    return planExchange(shard.pieces.flat().map(({ tracked }) => tracked));
  });
  exchange();
  await settle([gather(transport, shard, nextBatch(), (index) => shard.stateOf(index).ema !== null)]);
}
