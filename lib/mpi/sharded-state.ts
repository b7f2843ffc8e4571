// The state of all ranks, whole on rank 0: for checkpoints, state dicts and broadcasts.
import { hostZeros } from "../arrays/memory";
import type { Floats } from "../arrays/placement";
import { parseJson, writeJson } from "../checkpoint/json";
import { readCheckpoint, type LoadStateOptions } from "../checkpoint/load";
import { saveCheckpoint, type SaveStateOptions } from "../checkpoint/save";
import { typeError } from "../errors";
import type { GroupExtras } from "../groups/group";
import { writeStateDict, type StateDict } from "../state-dict";
import type { LoadedState } from "../state-dict/types";
import type { TrackedParameter } from "../step/tracked-parameter";
import { call } from "./agreement";
import { agreeNow, attempt, type Refusal } from "./collective";
import { broadcastArray, broadcastText, gatherTensor, scatterTensor } from "./moves";
import type { Shard } from "./shard";
import { requireHostData, type ShardedSteps } from "./sharded-steps";
import type { Transport } from "./world";

/** The state of a tensor, whole. */
type Whole = Pick<LoadedState, "steps" | "arrays" | "slow">;

/** What ranks must know of it before they get it. */
interface Outline {
  readonly steps: number;
  readonly arrays: number;
  readonly slow: boolean;
}

/** What rank 0 has loaded beside arrays. */
interface Loaded {
  readonly groups: { options: object; extras: GroupExtras }[];
  readonly parameters: boolean;
  readonly extra?: unknown;
}

/** The arrays of a state, slow weights last. */
const listOf = ({ arrays, slow }: { arrays: readonly Floats[]; slow: Floats | null }): Float32Array[] =>
  (slow === null ? [...arrays] : [...arrays, slow]) as Float32Array[];

export class ShardedState {
  constructor(
    private readonly transport: Transport,
    private readonly shard: Shard,
    private readonly steps: ShardedSteps,
  ) {}

  get #isRoot(): boolean {
    return this.transport.rank === 0;
  }

  /** Local checks, told to the others. Theirs are thrown here as well. */
  async #agree<T>(which: number, check: () => T): Promise<T> {
    const checked = attempt(check);
    const refusal = "error" in checked ? checked : undefined;
    const { state, ...intention } = this.steps.intention(which);
    // The states that are about to be replaced need not be alike.
    await agreeNow(this.transport, which === call.take ? intention : { ...intention, state: state as number }, refusal);
    return (checked as { done: T }).done;
  }

  #require(): void {
    this.transport.requireOpen();
    this.steps.requireIdle();
    for (const tensor of this.shard.tensors) requireHostData(tensor, tensor.parameter.data, tensor.parameter.out);
  }

  /** The dict on rank 0, null on the others. */
  async stateDict(): Promise<StateDict | null> {
    const whole = await this.#gather(call.stateDict);
    if (whole === null) return null;
    const { rule, groups } = this.shard.groups;
    return this.#withState(whole, () => writeStateDict(rule, groups, false));
  }

  async save(path: unknown, options: SaveStateOptions): Promise<void> {
    const whole = await this.#gather(call.save);
    const { rule, groups } = this.shard.groups;
    // All is copied before the promise is made.
    const saving = whole === null ? undefined : this.#withState(whole, () => saveCheckpoint(path, rule, groups, options));
    const refusal = await saving?.then(
      () => undefined,
      (error: unknown): Refusal => ({ error }),
    );
    await agreeNow(this.transport, this.steps.intention(call.take), refusal);
  }

  /** Lets the taken optimizer's own parameters have a state, as long as `act` runs. */
  #withState<T>(whole: readonly Whole[], act: () => T): T {
    const { steps } = this.shard.groups;
    try {
      this.shard.tensors.forEach((tensor, k) => {
        const { steps: count, arrays, slow } = whole[k] as Whole;
        steps.setState(tensor, count, arrays, slow);
      });
      return act();
    } finally {
      this.shard.groups.reset();
    }
  }

  /** The state of all ranks: on rank 0, null on the others. */
  async #gather(which: number): Promise<Whole[] | null> {
    const { tensors, pieces, layout } = this.shard;
    const whole = await this.#agree(which, () => {
      this.#require();
      this.shard.readGroups();
      return this.#isRoot ? tensors.map((tensor, k) => wholeLike(tensor, pieces[k]?.[0]?.tracked as TrackedParameter)) : null;
    });
    for (const [k, segments] of layout.segments.entries()) {
      const own = (pieces[k] ?? []).map(({ tracked }) => listOf({ arrays: tracked.states, slow: tracked.slow }));
      const into = whole === null ? null : listOf(whole[k] as Whole);
      for (const n of own[0]?.keys() ?? []) {
        const parts = own.map((arrays) => arrays[n] as Float32Array);
        await gatherTensor(this.transport, segments, parts, into === null ? null : (into[n] as Float32Array));
      }
    }
    return whole;
  }

  /** Rank 0's parameters to all; and its state, where `given` is what it has. */
  async broadcast(given: readonly Whole[] | null): Promise<void> {
    const checked = attempt(() => this.#require());
    const { state: _, ...intention } = this.steps.intention(call.broadcast);
    const bits = { ...intention, options: given === null ? 1 : 2 };
    await agreeNow(this.transport, bits, "error" in checked ? checked : undefined);
    const take = given === null ? undefined : await this.#scatter(given);
    for (const { parameter } of this.shard.tensors) await broadcastArray(this.transport, parameter.data as Float32Array);
    take?.();
  }

  async load(from: unknown, options: LoadStateOptions): Promise<{ extra: unknown }> {
    const { rule, groups } = this.shard.groups;
    const reading = this.#isRoot ? readCheckpoint(from, rule, groups, options) : Promise.resolve(undefined);
    const read = await reading.then(
      (done) => ({ done }),
      (error: unknown): Refusal => ({ error }),
    );
    const found = await this.#agree(call.load, () => {
      if ("error" in read) throw read.error;
      this.#require();
      this.#requireWritable();
      return read.done?.check();
    });
    const extra = "done" in read ? read.done?.extra : undefined;
    const own = found?.loaded.groups.map(({ options: values, extras }) => ({ options: values, extras }));
    const written = own === undefined ? "" : writeJson({ groups: own, parameters: options.parameters === true, extra }, "state");
    const loaded = parseJson(await broadcastText(this.transport, written), "state") as Loaded;
    const take = await this.#scatter(found?.loaded.states ?? []);
    found?.writeValues();
    if (loaded.parameters) {
      for (const { parameter } of this.shard.tensors) await broadcastArray(this.transport, parameter.data as Float32Array);
    }
    groups.forEach((group, k) => {
      const { options: values, extras } = loaded.groups[k] as Loaded["groups"][number];
      group.load(found?.loaded.groups[k]?.options ?? values, extras);
    });
    take();
    this.steps.restart();
    for (const group of groups) group.advise();
    return { extra: loaded.extra };
  }

  /** A frozen group could not take over what rank 0 loads. */
  #requireWritable(): void {
    this.shard.groups.groups.forEach((group, index) => {
      const unwritable = group.unwritable({});
      if (unwritable === undefined) return;
      throw typeError("ERR_STATE_DICT", `The ${unwritable} of param_groups[${index}] cannot be written: it is frozen`);
    });
  }

  /** Brings a state of rank 0 to its owners. Returns what takes it over, which cannot fail. */
  async #scatter(given: readonly Whole[]): Promise<() => void> {
    const { pieces, layout } = this.shard;
    const own = given.map(({ steps, arrays, slow }): Outline => ({ steps, arrays: arrays.length, slow: slow !== null }));
    const outline = JSON.parse(await broadcastText(this.transport, JSON.stringify(own))) as Outline[];
    const made = await this.#agree(call.take, () =>
      pieces.map((list, k) => list.map(({ begin, end }) => zerosFor(outline[k] as Outline, end - begin))),
    );
    for (const [k, segments] of layout.segments.entries()) {
      const { arrays, slow } = outline[k] as Outline;
      const whole = this.#isRoot ? listOf(given[k] as Whole) : null;
      for (let n = 0; n < arrays + Number(slow); ++n) {
        const parts = (made[k] ?? []).map((one) => listOf(one)[n] as Float32Array);
        await scatterTensor(this.transport, segments, whole === null ? null : (whole[n] as Float32Array), parts);
      }
    }
    return () => {
      for (const [k, list] of pieces.entries()) {
        list.forEach(({ tracked }, j) => {
          const { arrays, slow } = made[k]?.[j] as Whole;
          this.shard.steps.setState(tracked, (outline[k] as Outline).steps, arrays, slow);
        });
      }
    };
  }
}

const zerosFor = ({ steps, arrays, slow }: Outline, length: number): Whole => ({
  steps,
  arrays: Array.from({ length: arrays }, () => hostZeros(length)),
  slow: slow ? hostZeros(length) : null,
});

/** Room for the whole of a state of which a piece is known. */
const wholeLike = ({ length }: TrackedParameter, { steps, states, slow }: TrackedParameter): Whole =>
  zerosFor({ steps, arrays: states.length, slow: slow !== null }, length);
