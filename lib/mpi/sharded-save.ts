// A checkpoint of all ranks, written by rank 0 while it comes in: nobody has the whole state in memory.
import type { StateArray } from "../arrays/placement";
import { Later } from "../checkpoint/pieces";
import { planCheckpoint, type ArraySource, type SaveStateOptions } from "../checkpoint/save";
import { role } from "../native/engine";
import type { TrackedParameter } from "../step/tracked-parameter";
import { call } from "./agreement";
import { bytesOf, gatherWindow, windowsOf } from "./moves";
import { arraysOfTracked, placeOfRole, type Shard } from "./shard";
import { requireReady, type ShardedSteps } from "./sharded-steps";
import { Turns } from "./turns";
import type { Transport } from "./world";

export async function saveSharded(
  transport: Transport,
  shard: Shard,
  steps: ShardedSteps,
  path: unknown,
  options: SaveStateOptions,
  check: () => void,
): Promise<void> {
  const turns = new Turns(transport, steps.intention(call.save));
  const incoming = async function* (index: number, array: number): AsyncGenerator<Uint8Array> {
    const { length } = shard.tensors[index] as TrackedParameter;
    for (const window of windowsOf(length)) {
      await turns.next();
      const values = await gatherWindow(transport, shard.segmentsOf(index), shard.ownedOf(index, array), window);
      if (values !== null) yield bytesOf(values);
    }
  };
  const source: ArraySource = {
    stateOf: ({ index }) => shard.stateOf(index),
    written: (array, { index, length }, which) => {
      if (which === role.data) return copiedLater(array);
      const place = placeOfRole(shard.stateOf(index), which);
      return new Later(length, () => incoming(index, place));
    },
    average: copiedLater,
  };
  const write = await turns.check(() => {
    check();
    requireReady(transport, shard, steps);
    shard.readGroups();
    const { rule, groups } = shard.groups;
    return transport.rank === 0 ? planCheckpoint(path, source, rule, groups, options) : undefined;
  });
  await turns.between(write ?? (() => sendAll(shard, incoming)));
  await turns.next();
}

/** The others' part, in the order of the file. */
async function sendAll(shard: Shard, sent: (index: number, array: number) => AsyncGenerator<Uint8Array>): Promise<void> {
  for (const { index } of shard.tensors) {
    const { length } = arraysOfTracked(shard.stateOf(index));
    for (let array = 0; array < length; ++array) await sent(index, array).next();
  }
}

/** An array of this rank, copied in pieces: what changes while it is written is damaged nowhere. */
function copiedLater(array: StateArray): Later {
  const values = array as Float32Array;
  return new Later(values.length, async function* () {
    for (const { begin, end } of windowsOf(values.length)) yield await Promise.resolve(bytesOf(values.slice(begin, end)));
  });
}
