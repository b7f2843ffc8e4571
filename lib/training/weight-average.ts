import { copyOf, nativeOf, requireUnleased, type Floats } from "../arrays/placement";
import { isCudaArray, lengthOnDevice } from "../cuda/array";
import { arrayKind, describe, lengthOf, plainError, rangeError, typeError } from "../errors";
import { addon } from "../native/engine";
import { flag, readOptions, refuseUnknownKeys, requireObject, whole, type Kinds } from "../options/kinds";
import type { AnyParameter, Parameter } from "../parameter";

export interface WeightAverageOptions {
  /** The first call of `update` that is averaged, counted from 0. Default 0. */
  from?: number;
  /** Every how many calls from there on, ≥ 1. Default 1. */
  every?: number;
}

/** What a state dict has beside the averages. */
export interface AverageCounts {
  /** Calls of `update` so far. */
  calls: number;
  /** How many of them were averaged: PyTorch's key. */
  n_averaged: number;
  /** Whether averages and values are exchanged. */
  swapped: boolean;
}

/** A copy of the averages and their counts. */
export interface WeightAverageStateDict extends AverageCounts {
  /** By the number of the parameter. None before the first average. */
  averages: Record<string, Float32Array>;
}

const optionKinds: Kinds<Required<WeightAverageOptions>> = { from: whole(0), every: whole(1) };
const countKinds: Kinds<AverageCounts> = { calls: whole(0), n_averaged: whole(0), swapped: flag };

type Averages = ReadonlyMap<object, Float32Array>;

/** For checkpoints: the counts and averages, and what takes others over after a check. */
export let partsOfAverage: (average: unknown) => { counts: AverageCounts; averages: Averages } | null;
export let prepareAverage: (average: WeightAverage, counts: unknown, averages: Averages) => () => void;

/**
 * The average of the weights at several moments of a training, for stochastic weight averaging (Izmailov et al., Averaging Weights Leads to
 * Wider Optima and Better Generalization): PyTorch's `torch.optim.swa_utils.AveragedModel`.
 *
 *     average ← p                               the first time
 *     average ← average + (p − average)/(n + 1)     after n times
 *
 * each operation rounded to float32. It averages the parameters' `data`, in float32 arrays of its own on the host: 4 bytes a parameter.
 *
 * @example
 * const average = new WeightAverage(optimizer, { from: 75 });
 * const [anneal, swa] = [new CosineAnnealingLR(optimizer, { T_max: 100 }), new SWALR(optimizer, { swa_lr: 0.05 })];
 * for (let epoch = 0; epoch < 100; ++epoch) {
 *   trainOneEpoch();
 *   (epoch < 75 ? anneal : swa).step();
 *   average.update();
 * }
 * average.swap(); // the parameters are the averages
 */
export class WeightAverage {
  readonly optimizer: { readonly paramGroups: readonly { readonly params: readonly object[] }[] };
  readonly #from: number;
  readonly #every: number;
  #counts: AverageCounts = { calls: 0, n_averaged: 0, swapped: false };
  #averages: Averages = new Map();

  static {
    partsOfAverage = (value) => {
      const isOne = typeof value === "object" && value !== null && #averages in value;
      return isOne ? { counts: value.#counts, averages: value.#averages } : null;
    };
    prepareAverage = (average, counts, averages) => average.#prepare(counts, averages);
  }

  /** @throws ERR_OPTIMIZER, ERR_INVALID_OPTION, ERR_UNKNOWN_OPTION */
  constructor(optimizer: WeightAverage["optimizer"], options: WeightAverageOptions = {}) {
    requireObject(options, "The options of WeightAverage");
    refuseUnknownKeys(options, Object.keys(optionKinds), "WeightAverage");
    this.optimizer = optimizer;
    this.#parameters();
    ({ from: this.#from, every: this.#every } = readOptions(optionKinds, options, { from: 0, every: 1 }));
  }

  /** How many times the weights were averaged. */
  get count(): number {
    return this.#counts.n_averaged;
  }

  /** Whether the parameters hold the averages, and this the values of the training. */
  get swapped(): boolean {
    return this.#counts.swapped;
  }

  /** The average of a parameter, live; undefined before the first. While they are swapped, the training's values. */
  get(parameter: AnyParameter): Float32Array | undefined {
    return this.#averages.get(parameter);
  }

  /**
   * Ends an epoch, or whatever is counted: averages the weights in call `from`, and in every `every`-th from there on.
   *
   * @returns whether it did
   * @throws ERR_AVERAGE while averages and values are swapped; ERR_OPTIMIZER where parameters came or went since the first average;
   *   ERR_LENGTH, ERR_LEASED and the like where a parameter's `data` cannot be read; nothing is changed then
   */
  update(): boolean {
    if (this.swapped)
      throw plainError("ERR_AVERAGE", "The averages are in the parameters: call swap() before the training goes on");
    const { calls, n_averaged } = this.#counts;
    const isDue = calls >= this.#from && (calls - this.#from) % this.#every === 0;
    if (isDue) {
      const values = this.#values(false);
      if (n_averaged === 0) this.#averages = new Map([...values].map(([parameter, data]) => [parameter, copyOf(data)]));
      else for (const [parameter, data] of values) addTo(this.#averages.get(parameter) as Float32Array, data, n_averaged + 1);
    }
    this.#counts = { ...this.#counts, calls: calls + 1, n_averaged: n_averaged + Number(isDue) };
    return isDue;
  }

  /**
   * Exchanges the parameters' values and the averages: to test with the averages, and back. State and step counts stay as they are.
   *
   * @throws ERR_AVERAGE before the first average; where a parameter's `data` cannot be written, as of `update`; nothing is changed then,
   *   but where a device fails in the middle (ERR_CUDA, ERR_CUDA_LOST)
   */
  swap(): void {
    if (this.count === 0) throw plainError("ERR_AVERAGE", "There is no average yet: update() has averaged nothing");
    const swapped = new Map<object, Float32Array>();
    const values = this.#values(true);
    for (const [parameter, data] of values) swapped.set(parameter, copyOf(data));
    for (const [parameter, data] of values) {
      const average = this.#averages.get(parameter) as Float32Array;
      if (isCudaArray(data)) data.write(average);
      else if (average.length > 0) Float32Array.prototype.set.call(data, average);
    }
    this.#averages = swapped;
    this.#counts = { ...this.#counts, swapped: !this.swapped };
  }

  /** A deep copy of averages and counts. To keep them in a checkpoint: `optimizer.saveState(path, { average })`. */
  stateDict(): WeightAverageStateDict {
    const averages = this.#parameters().flatMap((parameter, index) => {
      const array = this.#averages.get(parameter);
      return array === undefined ? [] : [[index, copyOf(array)] as const];
    });
    return { ...this.#counts, averages: Object.fromEntries(averages) };
  }

  /**
   * Takes over a copy of a state dict. `from` and `every` are not in it.
   *
   * @throws ERR_STATE_DICT where it does not fit the parameters; nothing is changed then
   */
  loadStateDict(saved: WeightAverageStateDict): void {
    if (typeof saved !== "object" || saved === null || Symbol.iterator in saved) {
      throw typeError("ERR_STATE_DICT", `A state dict must be an object, got ${describe(saved)}`);
    }
    const { averages: given, ...counts } = saved as Partial<WeightAverageStateDict>;
    if (typeof given !== "object" || given === null) {
      throw typeError("ERR_STATE_DICT", `averages must be an object of Float32Arrays, got ${describe(given)}`);
    }
    const parameters = this.#parameters();
    const entries = Object.entries(given).map(([index, array]) => {
      if (arrayKind(array) !== "Float32Array") {
        throw typeError("ERR_STATE_DICT", `averages[${index}] must be a Float32Array, got ${describe(array)}`);
      }
      const parameter = parameters[Number(index)];
      if (parameter !== undefined) return [parameter, copyOf(array)] as const;
      throw typeError(
        "ERR_STATE_DICT",
        `averages has an entry ${JSON.stringify(index)}, and there are ${parameters.length} parameters`,
      );
    });
    this.#prepare(counts, new Map(entries))();
  }

  /** Checks counts and averages; returns what puts them into force. */
  #prepare(counts: unknown, averages: Averages): () => void {
    const keys = Object.keys(countKinds) as (keyof AverageCounts)[];
    let read: AverageCounts;
    try {
      requireObject(counts, "The counts");
      refuseUnknownKeys(counts, keys, "The state dict of WeightAverage");
      read = Object.fromEntries(keys.map((key) => [key, countKinds[key](counts[key], key)])) as unknown as AverageCounts;
    } catch (cause) {
      throw typeError("ERR_STATE_DICT", `This is no state dict of WeightAverage: ${(cause as Error).message}`, cause);
    }
    const parameters = read.n_averaged === 0 ? [] : this.#parameters();
    if (averages.size !== parameters.length || (read.swapped && read.n_averaged === 0) || read.calls < read.n_averaged) {
      const found = `${averages.size} averages after ${read.n_averaged} of ${read.calls} calls`;
      throw typeError("ERR_STATE_DICT", `There must be ${parameters.length} averages, and none before the first: got ${found}`);
    }
    parameters.forEach((parameter, index) => {
      const [length, wanted] = [averages.get(parameter)?.length, lengthOfData((parameter as Parameter).data)];
      if (length === wanted) return;
      throw rangeError("ERR_STATE_DICT", `The average of parameter ${index} must have ${wanted} elements, got ${length}`);
    });
    return () => {
      this.#counts = read;
      this.#averages = averages;
    };
  }

  #parameters(): object[] {
    const groups: unknown = (this.optimizer as { paramGroups?: unknown } | null | undefined)?.paramGroups;
    if (!Array.isArray(groups)) {
      throw typeError("ERR_OPTIMIZER", `${describe(this.optimizer)} is not an optimizer: it has no array of paramGroups`);
    }
    if (groups.length === 0) throw typeError("ERR_OPTIMIZER", "This optimizer has no param group; was it disposed?");
    return (groups as { params: readonly object[] }[]).flatMap(({ params }) => [...params]);
  }

  /** The values of every parameter, checked: all can be read, and if `written`, written. */
  #values(written: boolean): Map<object, Floats> {
    const parameters = this.#parameters();
    const { size } = this.#averages;
    if (this.count > 0 && (parameters.length !== size || parameters.some((one) => !this.#averages.has(one)))) {
      const counts = `${size} parameters were averaged, and there are ${parameters.length} now or others`;
      throw typeError("ERR_OPTIMIZER", `${counts}: make a new WeightAverage`);
    }
    return new Map(parameters.map((parameter, index) => [parameter, this.#valuesOf(parameter, index, written)]));
  }

  #valuesOf(parameter: object, index: number, written: boolean): Floats {
    const data: unknown = (parameter as Partial<Parameter>).data;
    if (!isCudaArray(data) && arrayKind(data) !== "Float32Array") {
      throw typeError("ERR_NOT_FLOAT32", `Parameter ${index}: data must be a Float32Array or a CudaArray, got ${describe(data)}`);
    }
    const [length, before] = [lengthOfData(data as Floats), this.#averages.get(parameter)?.length];
    if (before !== undefined && length !== before) {
      throw rangeError("ERR_LENGTH", `Parameter ${index}: data must have ${before} elements, got ${length}`);
    }
    if (written) requireUnleased(data as Floats, `The data of parameter ${index}`);
    else if (addon.leased(nativeOf(data as Floats), false)) {
      throw plainError("ERR_LEASED", `Parameter ${index}: a step on another thread is writing its data; await stepAsync() first`);
    }
    return data as Floats;
  }
}

const lengthOfData = (data: Floats): number => (isCudaArray(data) ? lengthOnDevice(data) : lengthOf(data));

/** average ← average + (data − average)/count. */
function addTo(average: Float32Array, data: Floats, count: number): void {
  const values = isCudaArray(data) ? data.read() : data;
  const { fround } = Math;
  for (let i = 0; i < average.length; ++i) {
    const before = average[i] as number;
    average[i] = before + fround(fround((values[i] as number) - before) / count);
  }
}
