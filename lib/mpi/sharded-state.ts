// The state of all ranks whole: as a dict on rank 0, and from there to all at the beginning.
import { hostZeros } from "../arrays/memory";
import { writeStateDict, type StateDict } from "../state-dict";
import type { LoadedState } from "../state-dict/types";
import { role } from "../native/engine";
import type { TrackedParameter } from "../step/tracked-parameter";
import { call } from "./agreement";
import { broadcastArray, broadcastText, gatherWindow, scatterWindow, windowsOf } from "./moves";
import { arraysOf, arraysOfTracked, placeOfRole, type Shard } from "./shard";
import { requireReady, type ShardedSteps } from "./sharded-steps";
import { Turns } from "./turns";
import type { Transport } from "./world";

/** The state of a tensor, whole. */
type Whole = Pick<LoadedState, "steps" | "arrays" | "buffers">;

/** What ranks must know of it before they get it. */
interface Outline {
  readonly steps: number;
  readonly arrays: number;
  readonly slow: boolean;
  readonly ema: boolean;
}

const listOf = ({ arrays, buffers }: Whole) => arraysOf(arrays, buffers) as Float32Array[];
const outlineOf = ({ steps, arrays, buffers: { slow, ema } }: Whole): Outline => {
  return { steps, arrays: arrays.length, slow: slow !== null, ema: ema !== null };
};

export class ShardedState {
  constructor(
    private readonly transport: Transport,
    private readonly shard: Shard,
    private readonly steps: ShardedSteps,
  ) {}

  /**
   * The dict on rank 0, null on the others.
   *
   * @param check what may throw once the ranks agree
   */
  async stateDict(check: () => void): Promise<StateDict | null> {
    const { transport, shard } = this;
    const turns = new Turns(transport, this.steps.intention(call.stateDict));
    const states = shard.tensors.map(({ index }) => shard.stateOf(index));
    const wholes = await turns.check(() => {
      check();
      requireReady(transport, shard, this.steps);
      shard.readGroups();
      return transport.rank > 0
        ? []
        : states.map(({ states: arrays, slow, ema, steps }, index) => {
            const outline = outlineOf({ steps, arrays: [...arrays], buffers: { slow, ema } });
            return listOf(zerosFor(outline, (shard.tensors[index] as TrackedParameter).length));
          });
    });
    for (const { index, length } of shard.tensors) {
      const count = arraysOfTracked(shard.stateOf(index)).length;
      for (let array = 0; array < count; ++array) {
        for (const window of windowsOf(length)) {
          const values = await gatherWindow(transport, shard.segmentsOf(index), shard.ownedOf(index, array), window);
          if (values !== null) wholes[index]?.[array]?.set(values, window.begin);
        }
      }
    }
    if (transport.rank > 0) return null;
    const { rule, groups } = shard.groups;
    return writeStateDict(rule, groups, false, {
      stateOf: ({ index }) => shard.stateOf(index),
      written: (array, { index }, which) => {
        if (which === role.data) return (array as Float32Array).slice();
        return wholes[index]?.[placeOfRole(shard.stateOf(index), which)];
      },
    });
  }

  /** Rank 0's parameters to all; and its state, where `given` is what it has. */
  async broadcast(given: readonly Whole[] | null, check: () => void): Promise<void> {
    // The states that are about to be replaced need not be alike.
    const { state: _, ...intention } = this.steps.intention(call.broadcast);
    const turns = new Turns(this.transport, { ...intention, options: given === null ? 1 : 2 });
    const data = await turns.check(() => {
      check();
      return requireReady(this.transport, this.shard, this.steps);
    });
    const take = given === null ? undefined : await this.#scatter(given, turns);
    for (const array of data) await broadcastArray(this.transport, array);
    take?.();
  }

  /** Brings a state of rank 0 to its owners. Returns what takes it over, which cannot fail. */
  async #scatter(given: readonly Whole[], turns: Turns): Promise<() => void> {
    const { transport, shard } = this;
    const own = given.map(outlineOf);
    const outline = JSON.parse(await broadcastText(transport, JSON.stringify(own))) as Outline[];
    const made = await turns.check(() =>
      shard.pieces.map((list, k) => list.map(({ begin, end }) => zerosFor(outline[k] as Outline, end - begin))),
    );
    for (const { index, length } of shard.tensors) {
      const { arrays, slow, ema } = outline[index] as Outline;
      const whole = transport.rank === 0 ? listOf(given[index] as Whole) : null;
      for (let n = 0; n < arrays + Number(slow) + Number(ema); ++n) {
        const owned = (shard.pieces[index] ?? []).map(({ begin, end }, piece) => {
          return { begin, end, array: listOf(made[index]?.[piece] as Whole)[n] as Float32Array };
        });
        for (const window of windowsOf(length)) {
          const values = whole?.[n]?.subarray(window.begin, window.end) ?? null;
          await scatterWindow(transport, shard.segmentsOf(index), values, owned, window);
        }
      }
    }
    return () => {
      for (const [k, list] of shard.pieces.entries()) {
        list.forEach(({ tracked }, j) => {
          const { arrays, buffers } = made[k]?.[j] as Whole;
          shard.steps.setState(tracked, (outline[k] as Outline).steps, arrays, buffers, true);
        });
      }
    };
  }
}

const zerosFor = ({ steps, arrays, slow, ema }: Outline, length: number): Whole => ({
  steps,
  arrays: Array.from({ length: arrays }, () => hostZeros(length)),
  buffers: { slow: slow ? hostZeros(length) : null, ema: ema ? hostZeros(length) : null },
});
