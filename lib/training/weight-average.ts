import { copyOf, type Floats } from "../arrays/placement";
import { isCudaArray } from "../cuda/array";
import { arrayKind, describe, isArray, isObject, plainError, rangeError, typeError } from "../errors";
import { meantAsOptimizer } from "../meant";
import { type Kinds, readOptions, refuseMore, refuseUnknownKeys, requireObject, whole } from "../options/kinds";
import type { AnyParameter } from "../parameter";
import { readCounts, type AverageCounts } from "./average-counts";
import { addTo, lengthIn, noteLengths, readable, valuesOf } from "./average-values";

export interface WeightAverageOptions {
  /** The first call of `update` that is averaged, counted from 0. Default 0. */
  from?: number;
  /** Every how many calls from there on, ≥ 1. Default 1. */
  every?: number;
}

/** A copy of the averages and their counts. */
export interface WeightAverageStateDict extends AverageCounts {
  /** By the number of the parameter. None before the first average. */
  averages: Record<string, Float32Array>;
}

const optionKinds: Kinds<Required<WeightAverageOptions>> = { from: whole(0), every: whole(1) };

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
  /** How long each parameter's data was when it was first seen. */
  readonly #lengths = new WeakMap<object, number>();

  static {
    partsOfAverage = (value) => {
      if (!isObject(value) || !(#averages in value)) return null;
      value.#requireWhole();
      return { counts: value.#counts, averages: value.#averages };
    };
    prepareAverage = (average, counts, averages) => average.#prepare(counts, averages);
  }

  /** @throws ERR_OPTIMIZER, ERR_INVALID_OPTION, ERR_UNKNOWN_OPTION */
  constructor(optimizer: WeightAverage["optimizer"], options: WeightAverageOptions = {}) {
    requireObject(options, "The options of WeightAverage");
    refuseUnknownKeys(options, Object.keys(optionKinds), "WeightAverage");
    this.optimizer = optimizer;
    this.#noteLengths();
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
  update(): boolean;
  update(...rest: readonly unknown[]): boolean {
    refuseMore(rest, "update", "no argument");
    this.#requireUnswapped();
    const { calls, n_averaged } = this.#counts;
    const isDue = calls >= this.#from && (calls - this.#from) % this.#every === 0;
    if (isDue) {
      // Everything is read before anything is added: a device may fail.
      const values = [...this.#values(false)].map(([parameter, data]) => [parameter, readable(data)] as const);
      if (n_averaged === 0) this.#averages = new Map(values.map(([parameter, data]) => [parameter, copyOf(data)]));
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
  swap(): void;
  swap(...rest: readonly unknown[]): void {
    refuseMore(rest, "swap", "no argument");
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

  /**
   * A deep copy of averages and counts. To keep them in a checkpoint: `optimizer.saveState(path, { average })`.
   *
   * @throws ERR_AVERAGE while averages and values are swapped; ERR_OPTIMIZER where parameters came or went since the first average
   */
  stateDict(): WeightAverageStateDict {
    this.#requireWhole();
    const averages = this.#parameters().flatMap((parameter, index) => {
      const array = this.#averages.get(parameter);
      return array === undefined ? [] : [[index, copyOf(array)] as const];
    });
    return { ...this.#counts, averages: Object.fromEntries(averages) };
  }

  /**
   * Takes over a copy of a state dict. `from` and `every` are not in it.
   *
   * @throws ERR_STATE_DICT where it does not fit the parameters; ERR_AVERAGE while averages and values are swapped; nothing is changed then
   */
  loadStateDict(saved: WeightAverageStateDict): void {
    if (!isObject(saved) || Symbol.iterator in saved) {
      throw typeError("ERR_STATE_DICT", `A state dict must be an object, got ${describe(saved)}`);
    }
    const { averages: given, ...counts } = saved as Partial<WeightAverageStateDict>;
    if (!isObject(given)) {
      throw typeError("ERR_STATE_DICT", `averages must be an object of Float32Arrays, got ${describe(given)}`);
    }
    const parameters = this.#parameters();
    const entries = Object.entries(given).map(([index, array]) => {
      if (arrayKind(array) !== "Float32Array") {
        throw typeError("ERR_STATE_DICT", `averages[${index}] must be a Float32Array, got ${describe(array)}`);
      }
      const parameter = /^(0|[1-9]\d*)$/.test(index) ? parameters[Number(index)] : undefined;
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
    this.#requireUnswapped();
    const read = readCounts(counts);
    const parameters = read.n_averaged === 0 ? [] : this.#parameters();
    if (averages.size !== parameters.length || read.swapped || read.calls < read.n_averaged) {
      const found = `${averages.size} averages after ${read.n_averaged} of ${read.calls} calls`;
      throw typeError("ERR_STATE_DICT", `There must be ${parameters.length} averages, and none before the first: got ${found}`);
    }
    parameters.forEach((parameter, index) => {
      const [length, wanted] = [averages.get(parameter)?.length, lengthIn(parameter, index)];
      if (length === wanted) return;
      throw rangeError("ERR_STATE_DICT", `The average of parameter ${index} must have ${wanted} elements, got ${length}`);
    });
    return () => {
      this.#counts = read;
      this.#averages = averages;
    };
  }

  #requireUnswapped(): void {
    if (this.swapped) throw plainError("ERR_AVERAGE", "Averages and values are exchanged: call swap() first");
  }

  /** Refuses to be kept where it could not be loaded again. */
  #requireWhole(): void {
    this.#requireUnswapped();
    this.#requireSame(this.#parameters());
  }

  /** Refuses parameters that came or went since the first average. */
  #requireSame(parameters: readonly object[]): void {
    const { size } = this.#averages;
    if (this.count === 0 || (parameters.length === size && parameters.every((one) => this.#averages.has(one)))) return;
    const counts = `${size} parameters were averaged, and there are ${parameters.length} now or others`;
    throw typeError("ERR_OPTIMIZER", `${counts}: make a new WeightAverage`);
  }

  #noteLengths(): object[] {
    const parameters = this.#parameters();
    noteLengths(this.#lengths, parameters);
    return parameters;
  }

  #parameters(): object[] {
    const { optimizer } = this;
    const groups: unknown = isObject(optimizer) ? (optimizer as { paramGroups?: unknown }).paramGroups : undefined;
    if (!isArray(groups)) {
      const meant = meantAsOptimizer(optimizer);
      throw typeError("ERR_OPTIMIZER", `${describe(optimizer)} is not an optimizer: it has no array of paramGroups${meant}`);
    }
    if (groups.length === 0) throw typeError("ERR_OPTIMIZER", "This optimizer has no param group; was it disposed?");
    return groups.flatMap((group, index): object[] => {
      const params: unknown = isObject(group) ? (group as { params?: unknown }).params : undefined;
      if (isArray(params)) return params as object[];
      throw typeError("ERR_OPTIMIZER", `paramGroups[${index}] has no array of params`);
    });
  }

  /** The values of every parameter, checked: all can be read, and if `written`, written. */
  #values(written: boolean): Map<object, Floats> {
    const parameters = this.#noteLengths();
    this.#requireSame(parameters);
    return new Map(
      parameters.map((parameter, index) => [parameter, valuesOf(parameter, index, this.#lengths.get(parameter), written)]),
    );
  }
}
