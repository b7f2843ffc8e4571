// A checkpoint for all ranks, read by rank 0: what it reads goes to its owners at once, and nothing is taken over before all of it
// was found to be whole.
import { hostZeros } from "../arrays/memory";
import { prepareAverages, requireAverage } from "../checkpoint/averages";
import { parseJson, writeJson } from "../checkpoint/json";
import { readCheckpoint, type Checkpoint, type LoadStateOptions } from "../checkpoint/load";
import { readValue, type Place } from "../checkpoint/places";
import type { SequentialReader } from "../checkpoint/reader";
import { elementsOf, quote } from "../checkpoint/safetensors";
import { isObject, plainError, typeError } from "../errors";
import type { GroupExtras } from "../groups/group";
import { requireObject } from "../options/kinds";
import type { LoadReport } from "../state-dict";
import { bufferKeys, type TrackedParameter } from "../step/tracked-parameter";
import { call } from "./agreement";
import { broadcastText, bytesOf, scatterWindow, windowsOf, type Owned } from "./moves";
import { countsError, type Shard } from "./shard";
import { requireReady, type ShardedSteps } from "./sharded-steps";
import { Turns } from "./turns";
import { requireSuccess, type Transport } from "./world";

/** An array that comes from rank 0: the state of a parameter, its values, or their average. */
interface Item {
  readonly index: number;
  readonly kind: "state" | "values" | "average";
}

/** What rank 0 says once all was read. Arrays of states are named by their number among the items. */
interface Verdict {
  readonly groups: { readonly options: object; readonly extras: GroupExtras }[];
  readonly states: {
    readonly index: number;
    readonly steps: number;
    readonly arrays: number[];
    readonly slow: number | null;
    readonly ema: number | null;
  }[];
  readonly counts?: string;
  readonly extra?: unknown;
  readonly report?: LoadReport;
}

/** What rank 0 has read. */
interface Read {
  readonly checkpoint: Checkpoint<object>;
  readonly found: ReturnType<Checkpoint<object>["check"]>;
}

export class ShardedLoad {
  readonly #turns: Turns;
  #items: readonly Item[] = [];
  /** The data of each parameter, as the checks have seen it. */
  #data: readonly Float32Array[] = [];
  /** By item: this rank's pieces of a state, or the whole of values and averages. */
  #arrays: Owned[][] = [];
  /** Rank 0's: which item an array of the state dict stands for. */
  readonly #itemOf = new Map<object, number>();

  constructor(
    private readonly transport: Transport,
    private readonly shard: Shard,
    private readonly steps: ShardedSteps,
    private readonly options: LoadStateOptions,
    private readonly check: () => void,
  ) {
    // The states that are about to be replaced need not be alike. An average must be given on all ranks or on none.
    const { state: _, ...intention } = steps.intention(call.load);
    const average = isObject(options) && options.average !== undefined ? 2 : 1;
    this.#turns = new Turns(transport, { ...intention, average });
  }

  async run(from: unknown): Promise<{ extra: unknown }> {
    const read = await this.#turns.between(() => (this.transport.rank === 0 ? this.#read(from) : this.#receive()));
    const written = read === undefined ? "" : this.#verdictOf(read);
    const verdict = parseJson(await broadcastText(this.transport, written), "state") as Verdict;
    const takeAverage = await this.#turns.check(() => read?.found.takeAverage ?? this.#prepareAverage(verdict.counts));
    this.#take(verdict, read?.found);
    takeAverage();
    return { extra: verdict.extra, ...verdict.report };
  }

  /** Rank 0's part: reads, and sends what it reads. */
  async #read(from: unknown): Promise<Read> {
    this.check();
    const { rule, groups } = this.shard.groups;
    let next = 0;
    let standIn: Float32Array = new Float32Array(0);
    const read = async (file: SequentialReader, place: Place) => {
      if (!this.#travels(place)) return readValue(file, place);
      const item = next++;
      await this.#move(item, file);
      if (place.key === null) return this.#arrays[item]?.[0]?.array as Float32Array;
      const standing = standIn.subarray(0, place.tracked.length);
      this.#itemOf.set(standing, item);
      return standing;
    };
    const begin = async (wanted: readonly Place[]) => {
      const items = wanted.filter((place) => this.#travels(place)).map(itemOf);
      // The dict has no arrays of its own: all are parts of this one, which nobody reads or writes.
      const longest = items.reduce((most, { index }) => Math.max(most, this.#tensor(index).length), 0);
      await this.#turns.check(() => {
        this.#require();
        standIn = new Float32Array(longest); // zeros that were never touched take no memory
      });
      await this.#begin(items);
    };
    const checkpoint = await readCheckpoint(from, rule, groups, this.options, { begin, read });
    const found = await this.#turns.check(() => {
      const checked = checkpoint.check();
      const counting = checked.loaded.states.find(({ rowSteps }) => rowSteps !== null);
      if (counting !== undefined) throw countsError(counting.tracked);
      return checked;
    });
    return { checkpoint, found };
  }

  /** The others' part. */
  async #receive(): Promise<undefined> {
    await this.#turns.check(() => {
      this.check();
      this.#require();
      const { options } = this;
      requireOptions(options);
      const { average } = options;
      if (average !== undefined) requireAverage(average, this.shard.groups.groups);
    });
    await this.#begin([]);
    for (const item of this.#items.keys()) await this.#move(item, null);
    await this.#turns.next();
  }

  #require(): void {
    this.#data = requireReady(this.transport, this.shard, this.steps);
    this.shard.groups.groups.forEach((group, index) => {
      const unwritable = group.unwritable({});
      if (unwritable === undefined) return;
      throw typeError("ERR_STATE_DICT", `The ${unwritable} of param_groups[${index}] cannot be written: it is frozen`);
    });
  }

  /** Whether a tensor of the file goes to the ranks. Others are small, and read by rank 0 alone: counts of steps. */
  #travels({ key, tensor, tracked }: Place): boolean {
    if (key === null) return true;
    const isArray = Object.values<string>(bufferKeys).includes(key) || this.shard.groups.rule.states.includes(key);
    if (tensor.dtype === "BF16") {
      const advice = "load it before Sharded is made, into the optimizer that it takes over";
      throw plainError("ERR_CHECKPOINT", `${quote(tensor.name)} is bfloat16, and ranks exchange float32 state only; ${advice}`);
    }
    return isArray && tensor.dtype === "F32" && elementsOf(tensor.shape) === tracked.length;
  }

  /** Tells all ranks what will come, and makes room for it. */
  async #begin(items: readonly Item[]): Promise<void> {
    this.#items = JSON.parse(await broadcastText(this.transport, JSON.stringify(items))) as Item[];
    this.#arrays = await this.#turns.check(() =>
      this.#items.map(({ index, kind }) => {
        const whole = [{ begin: 0, end: this.#tensor(index).length }];
        const pieces = kind === "state" ? (this.shard.pieces[index] ?? []) : whole;
        return pieces.map(({ begin, end }) => ({ begin, end, array: hostZeros(end - begin) }));
      }),
    );
  }

  /** Brings an item from rank 0's file to where it belongs. */
  async #move(item: number, file: SequentialReader | null): Promise<void> {
    const { index, kind } = this.#items[item] as Item;
    const owned = this.#arrays[item] as Owned[];
    const { length } = this.#tensor(index);
    for (const window of windowsOf(length)) {
      const { begin, end } = window;
      const values = file === null && kind === "state" ? null : new Float32Array(end - begin);
      await file?.fill(bytesOf(values as Float32Array));
      await this.#turns.next();
      if (kind === "state") {
        await scatterWindow(this.transport, this.shard.segmentsOf(index), values, owned, window);
      } else {
        requireSuccess(await this.transport.calls.broadcast(bytesOf(values as Float32Array), 0));
        owned[0]?.array.set(values as Float32Array, begin);
      }
    }
  }

  #verdictOf({ checkpoint: { extra, strict, counts }, found: { loaded } }: Read): string {
    const item = (array: object | null) => (array === null ? null : (this.#itemOf.get(array) as number));
    const verdict = {
      groups: loaded.groups.map(({ options, extras }) => ({ options, extras })),
      states: loaded.states.map(({ tracked: { index }, steps, arrays, buffers: { slow, ema } }) => {
        return { index, steps, arrays: arrays.map(item), slow: item(slow), ema: item(ema) };
      }),
      ...{ extra, counts, report: strict ? undefined : loaded.report },
    };
    return writeJson(verdict, "state");
  }

  #prepareAverage(counts: string | undefined): () => void {
    const { average } = this.options;
    if (average === undefined) return () => undefined;
    const averages = new Map<object, Float32Array>();
    this.#items.forEach(({ index, kind }, item) => {
      if (kind === "average") averages.set(this.#tensor(index).parameter, this.#whole(item));
    });
    return prepareAverages(average, counts, averages);
  }

  #tensor(index: number): TrackedParameter {
    return this.shard.tensors[index] as TrackedParameter;
  }

  #whole(item: number): Float32Array {
    return this.#arrays[item]?.[0]?.array as Float32Array;
  }

  /** Takes all of it over, which cannot fail. */
  #take(verdict: Verdict, found: Read["found"] | undefined): void {
    const { steps } = this.shard;
    const { groups } = this.shard.groups;
    found?.writeValues();
    if (found === undefined) {
      this.#items.forEach(({ index, kind }, item) => {
        if (kind === "values") this.#data[index]?.set(this.#whole(item));
      });
    }
    groups.forEach((group, k) => {
      const { options, extras } = verdict.groups[k] as Verdict["groups"][number];
      group.load(found?.loaded.groups[k]?.options ?? options, extras);
    });
    for (const { index, steps: count, arrays, slow, ema } of verdict.states) {
      this.shard.pieces[index]?.forEach(({ tracked }, piece) => {
        const at = (item: number) => this.#arrays[item]?.[piece]?.array as Float32Array;
        const buffer = (item: number | null) => (item === null ? null : at(item));
        steps.setState(tracked, count, arrays.map(at), { slow: buffer(slow), ema: buffer(ema) }, true);
      });
    }
    this.steps.restart();
    for (const group of groups) group.advise();
  }
}

const requireOptions = (options: unknown): void => requireObject(options, "The options of loadState");

const itemOf = ({ key, isAverage, tracked: { index } }: Place): Item => ({
  index,
  kind: key !== null ? "state" : isAverage ? "average" : "values",
});
