// The part of an optimizer that one rank owns: groups of pieces of its parameters, with the state of those alone.
import { hostZeros } from "../arrays/memory";
import type { Floats, StateArray } from "../arrays/placement";
import { rangeError, typeError } from "../errors";
import type { Group } from "../groups/group";
import { addon, role } from "../native/engine";
import type { FormulaNames } from "../native/lists";
import type { CommonOptions } from "../options/common";
import { ParameterGroups } from "../optimizer/parameter-groups";
import type { Parameter } from "../parameter";
import type { Rule } from "../rule/rule";
import type { Buffers, TrackedParameter } from "../step/tracked-parameter";
import { block, layOut, rowsAndBlocks, type Layout, type Range, type Segment } from "./layout";
import type { Owned } from "./moves";

/** A piece of a parameter that this rank owns. One that it owns nothing of has an empty piece, which has its count of steps. */
export interface Piece extends Range {
  /** What its group steps. */
  readonly parameter: Parameter & { grad: Float32Array | null };
  readonly tracked: TrackedParameter;
  /** Its gradient, summed over the ranks. */
  readonly sum: Float32Array;
}

type AnyRule = Rule<object>;

/** The arrays of a state in one order: slow weights and the average last. All are float32 here. */
export const arraysOf = (states: readonly StateArray[], { slow, ema }: Buffers): Floats[] => {
  return [...states, slow, ema].filter((array) => array !== null) as Floats[];
};

/** Refuses state that ranks cannot exchange yet. */
function requireFloat32State({ stateDtype }: Group<object>, index: number): void {
  if (stateDtype === "float32") return;
  const what = `Param group ${index}: Sharded keeps float32 state only, and state_dtype is ${JSON.stringify(stateDtype)}`;
  throw rangeError("ERR_INVALID_OPTION", what);
}

export const arraysOfTracked = ({ states, slow, ema }: TrackedParameter): Floats[] => arraysOf(states, { slow, ema });

/** Where the array of a role stands among them. */
export const placeOfRole = ({ states, slow }: TrackedParameter, which: number): number =>
  which < role.slow ? which - role.state : which === role.slow || slow === null ? states.length : states.length + 1;

const centralizes = (rule: AnyRule, options: object): boolean =>
  (rule.centralized === undefined ? (options as CommonOptions).centralize : rule.centralized(options)) !== false;

const sizeOfRow = ({ length, first, dimensions }: Pick<TrackedParameter, "length" | "first" | "dimensions">): number =>
  dimensions > 1 && first > 0 ? length / first : 0;

export class Shard {
  readonly layout: Layout;
  /** The parameters whole, in their order. */
  readonly tensors: readonly TrackedParameter[];
  /** By tensor. */
  readonly pieces: readonly (readonly Piece[])[];
  /** This rank's gradients, bucket by bucket. */
  readonly sums: readonly Float32Array[];
  readonly #own: ParameterGroups<object>;
  /** The error of a state that pieces cannot have: on one rank alone it must be every rank's. */
  #refusal: Error | undefined;
  /** By group: whether its tensors are cut between rows alone, and the options that its pieces have. */
  readonly #inRows: boolean[];
  readonly #known: object[];

  /** @param groups what was taken over: its groups stay live, its state is nobody's */
  constructor(
    readonly groups: ParameterGroups<object>,
    rank: number,
    ranks: number,
    bucket: number,
  ) {
    const { rule } = groups;
    for (const [index, group] of groups.groups.entries()) {
      group.readAll();
      requireFloat32State(group, index);
    }
    this.#inRows = groups.groups.map(({ options }) => centralizes(rule, options));
    this.tensors = groups.steps.parameters;
    const whole = (addon.formulas[rule.formula] as FormulaNames).norms;
    const cuttable = groups.groups.flatMap(({ parameters }, g) =>
      parameters.map((tensor) => ({ length: tensor.length, unit: whole ? tensor.length : this.#unitOf(tensor, g) })),
    );
    this.layout = layOut(cuttable, ranks, bucket);
    requireCounts(this.layout, ranks);
    this.sums = this.layout.buckets.map(({ counts }) => hostZeros(counts[rank] as number));
    const made = this.#makePieces(rank);
    const options = groups.groups.map(({ options }, g) => ({
      ...options,
      params: made[g]?.flatMap((list) => list.map(parameterOf)),
    }));
    this.#own = new ParameterGroups<object>(rule, options as never, {});
    this.#known = groups.groups.map(() => ({}));
    const tracked = this.#own.steps.parameters[Symbol.iterator]();
    const next = () => tracked.next().value as TrackedParameter;
    this.pieces = made.flat().map((list) => list.map((piece) => ({ ...piece, tracked: next() })));
    this.#takeState();
    // Exchanges hand the state's arrays on, so every step looks at them.
    for (const { tracked } of this.pieces.flat()) this.#own.steps.expose(tracked);
  }

  #unitOf(tensor: TrackedParameter, group: number): number {
    return this.#inRows[group] === true ? rowsAndBlocks(sizeOfRow(tensor)) : block;
  }

  /** By group, by tensor: what this rank owns. */
  #makePieces(rank: number): Omit<Piece, "tracked">[][][] {
    const offsets = this.sums.map(() => 0);
    const bucketOf = new Map<Range, number>();
    const own = this.layout.segments.map((list) => list.filter((segment) => segment.rank === rank));
    let [bucket, left] = [0, this.layout.buckets[0]?.counts[rank] ?? 0];
    for (const segment of own.flat()) {
      while (left === 0) left = this.layout.buckets[++bucket]?.counts[rank] ?? 0;
      bucketOf.set(segment, bucket);
      left -= segment.end - segment.begin;
    }
    const pieceOf = (tensor: TrackedParameter, range: Range): Omit<Piece, "tracked"> => {
      const length = range.end - range.begin;
      const b = bucketOf.get(range) ?? 0;
      const at = offsets[b] as number;
      offsets[b] = at + length;
      const sum = (this.sums[b] as Float32Array).subarray(at, at + length);
      return { ...range, sum, parameter: makeParameter(tensor, range, sum) };
    };
    return this.groups.groups.map(({ parameters }) =>
      parameters.map((tensor) => {
        const ranges = own[tensor.index] as Range[];
        const empty = { index: tensor.index, begin: 0, end: 0 };
        return (ranges.length > 0 ? ranges : [empty]).map((range) => pieceOf(tensor, range));
      }),
    );
  }

  /** The state that the optimizer had: this rank's part of it is copied, the rest is let go of. */
  #takeState(): void {
    for (const [index, pieces] of this.pieces.entries()) {
      const tensor = this.tensors[index] as TrackedParameter;
      const { steps, states, slow, ema, rowSteps } = tensor;
      if (steps === 0 && states.length === 0) continue;
      const group = this.groups.groups.find(({ end }) => index < end);
      if (rowSteps !== null && (group?.options as CommonOptions).sparse_step === "row") this.#refusal ??= countsError(tensor);
      for (const { tracked, begin, end } of pieces) {
        const part = (array: StateArray) => copyOfPart(array as Float32Array, begin, end);
        const buffers = { slow: slow && part(slow), ema: ema && part(ema) };
        this.#own.steps.setState(tracked, steps, states.map(part), buffers, true);
      }
    }
  }

  /** Throws where the optimizer had a state that pieces cannot have. */
  requireState(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** The groups of the pieces, with the options that the live groups have now. */
  readGroups(): readonly Group<object>[] {
    const { rule } = this.groups;
    this.groups.groups.forEach((group, g) => {
      group.read();
      const { options } = group;
      if (options === this.#known[g]) return;
      requireFloat32State(group, g);
      if (centralizes(rule, options) && this.#inRows[g] !== true) {
        const advice = "set it before Sharded is made, which then cuts its parameters between rows";
        throw rangeError("ERR_INVALID_OPTION", `Param group ${g}: centralization cannot be turned on later: ${advice}`);
      }
      (this.#own.groups[g] as Group<object>).load(options, {});
      this.#known[g] = options;
    });
    return this.#own.groups;
  }

  segmentsOf(index: number): readonly Segment[] {
    return this.layout.segments[index] as readonly Segment[];
  }

  /** The state of a tensor as far as this rank has it: how far it has come, and which arrays there are. */
  stateOf(index: number): TrackedParameter {
    return (this.pieces[index]?.[0] as Piece).tracked;
  }

  /** Gives the pieces of a parameter its memory, as it is now. */
  bind(index: number, data: Float32Array): void {
    const { buffer, byteOffset } = data;
    for (const { parameter, begin, end } of this.pieces[index] ?? []) {
      const place = byteOffset + begin * Float32Array.BYTES_PER_ELEMENT;
      const same = parameter.data.buffer === buffer && parameter.data.byteOffset === place;
      if (!same) parameter.data = data.subarray(begin, end);
    }
  }

  /** This rank's pieces of an array of a state, counted as in `arraysOf`. */
  ownedOf(index: number, array: number): Owned[] {
    const of = (tracked: TrackedParameter) => arraysOfTracked(tracked)[array] as Float32Array;
    return (this.pieces[index] ?? []).map(({ begin, end, tracked }) => ({ begin, end, array: of(tracked) }));
  }

  get steps(): ParameterGroups<object>["steps"] {
    return this.#own.steps;
  }

  /** Lets go of the state. */
  clear(): void {
    this.#own.clear();
  }
}

const parameterOf = ({ parameter }: Pick<Piece, "parameter">) => parameter;

/** A piece as its group sees it. One of whole rows has their shape. */
function makeParameter(tensor: TrackedParameter, range: Range, sum: Float32Array) {
  const { index, dimensions, length, first } = tensor;
  const data = (tensor.read("data") as Float32Array).subarray(range.begin, range.end);
  const row = sizeOfRow({ length, first, dimensions });
  const inRows = row > 0 && (range.end - range.begin) % row === 0 && range.begin % row === 0;
  const shape = inRows ? { shape: [(range.end - range.begin) / row, ...(tensor.read("shape") as number[]).slice(1)] } : {};
  const name = `${tensor.read("name") ?? index}, elements ${range.begin} to ${range.end}`;
  return { data, grad: sum as Float32Array | null, name, ...shape };
}

export function copyOfPart(array: Float32Array, begin: number, end: number): Float32Array {
  const part = hostZeros(end - begin);
  part.set(array.subarray(begin, end));
  return part;
}

/** The error of rows with counts of their own, which pieces do not have. */
export function countsError({ label }: TrackedParameter): Error {
  const advice = 'load or make it with sparse_step: "parameter"';
  return typeError(
    "ERR_SPARSE",
    `${label}: its state has row_steps, and Sharded counts the steps of whole parameters; ${advice}`,
  );
}

/** MPI counts the elements of a bucket in 32 bits. */
function requireCounts({ buckets }: Layout, ranks: number): void {
  for (const { counts } of buckets) {
    const most = Math.max(...counts) * ranks;
    if (most < 2 ** 31) continue;
    throw rangeError(
      "ERR_LENGTH",
      `A bucket would exchange ${most} elements at once, and MPI counts to 2^31: take a smaller bucket`,
    );
  }
}
