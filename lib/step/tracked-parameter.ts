import { isCudaArray, type CudaArray } from "../cuda/array";
import { arrayKind, describe, isArray, isObject, rangeError, typeError } from "../errors";
import { misnamed, misnamedIn } from "../arrays/misnamed";
import { placeOf, type Floats, type StateArray } from "../arrays/placement";
import { foreignError, touch } from "../foreign";
import { meantAsParameter } from "../meant";
import { host, role } from "../native/engine";
import type { Parameter } from "../parameter";
import { requireFloats, requireLength } from "./memory-checks";

/** In `kept`: the number of state arrays; and that there is a buffer. */
export const statesMask = 7;
export const bufferBits = { slow: 8, ema: 16 } as const;

/** The arrays that common options keep beside a formula's own: Lookahead's slow weights and the moving average. */
export type Buffer = keyof typeof bufferBits;
export type Buffers = Readonly<Record<Buffer, Floats | null>>;
export const bufferNames: readonly Buffer[] = ["slow", "ema"];

/** Their names in the state. PyTorch has that of Lookahead's. */
export const bufferKeys = { slow: "slow_buffer", ema: "ema_buffer" } as const;

export const noBuffers: Buffers = { slow: null, ema: null };

/** The state before the first step. */
export const noArrays: readonly StateArray[] = [];

/** The counts of a parameter's rows. */
export const rowStepsName = "row_steps";

// Taken at load: a program may replace the global one.
const OwnUint32Array = Uint32Array;
export const copyOfCounts = (counts: Uint32Array): Uint32Array => new OwnUint32Array(counts);

/** What the parameters of an optimizer share. */
export interface Shared {
  /** The steps of each, by its number. */
  readonly counts: { of(index: number): number; put(index: number, steps: number): void };
  readonly retained: { giveBack(array: CudaArray): void };
}

/** A parameter of an optimizer, and its state. These fields own the state's arrays: native code keeps none alive. */
export class TrackedParameter {
  /** Its state arrays, or none before its first step. */
  states: readonly StateArray[] = noArrays;
  /** Lookahead's slow weights, once they have begun. */
  slow: Floats | null = null;
  /** The moving average, once it has begun. */
  ema: Floats | null = null;
  /** The updates of each row; null: all rows have had as many as the parameter. */
  rowSteps: Uint32Array | null = null;
  /** Whether other code can reach a state array, and could detach it. If not, no step needs to check it. */
  exposed = false;
  /** What the random bits that round its state depend on: its number where the state began. */
  noiseId: number;
  /** Where all its arrays lie: `host`, or the number of a device. */
  readonly place: number;
  readonly length: number;
  /** The number of dimensions, and the first of them. */
  readonly dimensions: number;
  readonly first: number;

  constructor(
    readonly parameter: Parameter<Floats>,
    /** PyTorch's number of the parameter, and its row in the table. */
    readonly index: number,
    readonly stateNames: readonly string[],
    private readonly shared: Shared,
  ) {
    this.noiseId = index;
    try {
      requireParameter(parameter, this);
      const { data, out } = parameter;
      this.place = placeOf(data) ?? host;
      this.length = requireFloats(this, data, role.data);
      requireLength(this, out ?? data, role.out);
      const shape = readShape(parameter.shape, this.length, this.label);
      this.dimensions = shape.length;
      this.first = shape[0] ?? 1;
    } catch (cause) {
      throw foreignError(this, cause);
    }
  }

  /** A property of the caller's object. */
  read<K extends keyof Parameter<Floats>>(key: K): Parameter<Floats>[K] {
    return touch(this, () => this.parameter[key]);
  }

  /** This parameter's own steps so far. */
  get steps(): number {
    return this.shared.counts.of(this.index);
  }

  /** The number of state arrays, plus the bits of the buffers that there are. */
  get kept(): number {
    return this.states.length | (this.slow === null ? 0 : bufferBits.slow) | (this.ema === null ? 0 : bufferBits.ema);
  }

  get label(): string {
    let name: unknown;
    try {
      name = isObject(this.parameter) ? this.parameter.name : undefined;
    } catch {
      // then it has none
    }
    return typeof name === "string" ? `Parameter ${this.index} (${name})` : `Parameter ${this.index}`;
  }

  nameOf(which: number): string {
    if (which === role.slow) return bufferKeys.slow;
    if (which === role.ema) return bufferKeys.ema;
    if (which >= role.state) return this.stateNames[which - role.state] as string;
    return which === role.data ? "data" : which === role.out ? "out" : "grad";
  }

  /** Replaces the state. Without arguments, the parameter is as before its first step. Old arrays on a device are released. */
  setState(
    steps = 0,
    states = noArrays,
    { slow, ema } = noBuffers,
    exposed = false,
    rowSteps: Uint32Array | null = null,
    noiseId = this.index,
  ): void {
    const old = [...this.states, this.slow, this.ema];
    this.shared.counts.put(this.index, steps);
    this.states = states;
    this.slow = slow;
    this.ema = ema;
    this.rowSteps = rowSteps;
    this.exposed = exposed;
    this.noiseId = noiseId;
    for (const array of old) this.giveBack(array);
  }

  /** Ends the use of an array by steps, where it lies on a device. */
  giveBack(array: StateArray | null | undefined): void {
    if (isCudaArray(array)) this.shared.retained.giveBack(array);
  }

  /** Takes over the arrays of a step. A buffer on a device is released where its option was turned off. */
  takeState(states: readonly StateArray[], slow: Floats | null, ema: Floats | null): void {
    const [slowBefore, emaBefore] = [this.slow, this.ema];
    this.states = states;
    this.slow = slow;
    this.ema = ema;
    if (slow === null) this.giveBack(slowBefore);
    if (ema === null) this.giveBack(emaBefore);
  }
}

function requireParameter(parameter: unknown, { label }: TrackedParameter): void {
  const isNone = !isObject(parameter) || isNoParameter(parameter);
  const other = isNone || "grad" in parameter ? undefined : misnamedIn(parameter);
  if (!isNone && other === undefined) return;
  const wanted = "an object with data, a Float32Array or a CudaArray";
  const meant = other === undefined ? meantAsParameter(parameter) : misnamed(other);
  throw typeError("ERR_INVALID_PARAMETER", `${label} must be ${wanted}; got ${describe(parameter)}${meant}`);
}

/** An array, a list, or what else holds parameters, where one parameter should be. */
const isNoParameter = (value: object): boolean =>
  arrayKind(value) !== undefined ||
  isCudaArray(value) ||
  (!("data" in value) && (isArray(value) || meantAsParameter(value) !== ""));

const isShape = (shape: unknown): shape is readonly number[] =>
  isArray(shape) && shape.every((size) => Number.isInteger(size) && (size as number) >= 0);

/** A copy of the shape; without one, that of a vector. */
function readShape(shape: readonly number[] | undefined, length: number, label: string): readonly number[] {
  if (shape === undefined) return [length];
  if (!isShape(shape)) {
    throw typeError("ERR_INVALID_PARAMETER", `${label}: shape must be an array of whole numbers, got ${describe(shape)}`);
  }
  const product = shape.reduce((a: number, b: number) => a * b, 1);
  if (product === length) return [...shape];
  throw rangeError("ERR_LENGTH", `${label}: a shape of [${shape.join(", ")}] has ${product} elements, its data ${length}`);
}
