import { isCudaArray, release } from "./cuda/array";
import { arrayKind, describe, plainError, rangeError, typeError } from "./errors";
import { liveLength, placeOf, type Floats } from "./floats";
import { host, role, rowState, type Problem } from "./native";
import type { Parameter } from "./parameter";

/** Everything that one parameter's row of the native table points to. */
interface Bound {
  data: Floats;
  out: Floats;
  grad: Floats | null;
  states: readonly Floats[];
  slow: Floats | null;
}

const noArrays: readonly Floats[] = [];

/** PyTorch's name for Lookahead's slow weights. */
export const slowName = "slow_buffer";

/** A parameter in an optimizer. These fields own the arrays: native code keeps pointers into them and nothing alive. */
export class Member {
  /** This parameter's own steps so far. */
  steps = 0;
  /** Its state arrays, or none before its first step. */
  states: readonly Floats[] = noArrays;
  /** Lookahead's slow weights, once they have begun. */
  slow: Floats | null = null;
  /** What the native table has; null: nothing that still counts. */
  bound: Bound | null = null;

  // What the parameter held when this step looked. Nothing below reads the parameter again.
  data: Floats;
  out: Floats;
  grad: Floats | null = null;
  /** The number of the update at hand. */
  t = 0;
  /** What this step makes of it: a set of coefficients, or that it is skipped. */
  set: number = rowState.skipped;
  /** The state arrays that this step needs: `states`, and zeros for those that it lacks. */
  wanted: readonly Floats[] = noArrays;
  wantedSlow: Floats | null = null;
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
  ) {
    if (typeof parameter !== "object" || parameter === null || arrayKind(parameter) !== undefined || isCudaArray(parameter)) {
      const advice = placeOf(parameter) === undefined ? "" : ": wrap it, parameter(array)";
      const wanted = "an object with data, a Float32Array or a CudaArray";
      throw typeError("ERR_INVALID_PARAMETER", `${this.label} must be ${wanted}; got ${describe(parameter)}${advice}`);
    }
    this.data = parameter.data;
    this.out = parameter.out ?? this.data;
    this.place = placeOf(this.data) ?? host;
    this.length = this.requireFloats(this.data, role.data);
    this.requireLength(this.out, role.out);
    const shape = readShape(parameter.shape, this.length, this.label);
    this.dimensions = shape.length;
    this.first = shape[0] ?? 1;
  }

  get label(): string {
    const name: unknown = (this.parameter as Parameter<Floats> | null)?.name;
    return typeof name === "string" ? `Parameter ${this.index} (${name})` : `Parameter ${this.index}`;
  }

  /** Replaces the state; without arrays, back to before the first step. What of the old one lies on a device is given back. */
  setState(steps: number, states: readonly Floats[] = noArrays, slow: Floats | null = null): void {
    const old = [...this.states, this.slow, ...this.wanted, this.wantedSlow];
    this.steps = steps;
    this.states = this.wanted = states;
    this.slow = this.wantedSlow = slow;
    this.bound = null;
    for (const array of old) {
      if (isCudaArray(array)) release(array);
    }
  }

  /** Lets go of zeros that a refused step has left for the next one. */
  forgetZeros(): void {
    const { states, slow, wanted, wantedSlow } = this;
    if (wanted === states && wantedSlow === slow) return;
    this.wanted = states;
    this.wantedSlow = slow;
    for (const array of [...wanted, wantedSlow]) {
      if (isCudaArray(array) && array !== slow && !states.includes(array)) release(array);
    }
  }

  /** Looks at the parameter. Its properties may be accessors, so foreign code may run: memory is checked after the last of them. */
  read(): void {
    const { data, grad, out } = this.parameter;
    this.data = data;
    this.grad = grad ?? null;
    this.out = out ?? data;
  }

  nameOf(which: number): string {
    if (which === role.slow) return slowName;
    if (which >= role.state) return this.stateNames[which - role.state] as string;
    return which === role.data ? "data" : which === role.out ? "out" : "grad";
  }

  /** The error for an array that the native table refused. */
  refusal(problem: Problem, which: number): Error {
    const array = [this.data, this.out, this.grad, this.wanted[0], this.wanted[1], this.wanted[2], this.wantedSlow][which];
    switch (problem) {
      case "not_float32":
      case "not_device":
      case "other_device":
        return this.notFloats(array, which);
      case "detached":
      case "disposed":
        return this.memoryGone(which);
      default:
        return this.otherLength(liveLength(array as Floats, this.place), which);
    }
  }

  /** Checks a new array's type and place; returns its length. */
  requireFloats(array: Floats, which: number): number {
    if (placeOf(array) !== this.place) throw this.notFloats(array, which);
    if (isCudaArray(array) && array.disposed) throw this.memoryGone(which);
    return liveLength(array, this.place);
  }

  /** Checks a new array's type, place and length. */
  requireLength(array: Floats, which: number): void {
    const length = this.requireFloats(array, which);
    if (length !== this.length) throw this.otherLength(length, which);
  }

  /** Whether the arrays known from an earlier step still have their memory. */
  unchanged(): boolean {
    const { length, place, data, out, states, slow } = this;
    if (slow !== null && liveLength(slow, place) !== length) return false;
    if (liveLength(data, place) !== length || liveLength(out, place) !== length) return false;
    for (let k = 0; k < states.length; ++k) {
      if (liveLength(states[k] as Floats, place) !== length) return false;
    }
    return true;
  }

  /** Checks an array known from an earlier step: its type cannot have changed, its memory can. */
  requireUnchanged(array: Floats, which: number): void {
    const length = liveLength(array, this.place);
    if (length === this.length) return;
    if (length === 0) throw this.memoryGone(which);
    throw rangeError("ERR_RESIZED", `${this.label}: its ${this.nameOf(which)} had ${this.length} elements and now has ${length}`);
  }

  /** The error for what is no array of floats, or one that lies elsewhere than the parameter's data. */
  notFloats(array: unknown, which: number): Error {
    const place = placeOf(array);
    if (place === undefined) {
      const wanted =
        which === role.data ? "a Float32Array or a CudaArray" : this.place === host ? "a Float32Array" : "a CudaArray";
      return typeError("ERR_NOT_FLOAT32", `${this.label}: ${this.nameOf(which)} must be ${wanted}, got ${describe(array)}`);
    }
    const where = (at: number) => (at === host ? "on the host" : `on CUDA device ${at}`);
    const advice = "all arrays of a parameter must lie in one place: cuda.from() copies to a device, read() to the host";
    const what = `its ${this.nameOf(which)} is ${where(place)}, and it was registered ${where(this.place)}`;
    return typeError("ERR_MIXED_DEVICES", `${this.label}: ${what}; ${advice}`);
  }

  private otherLength(length: number, which: number): Error {
    const wanted = `${this.length} elements`;
    return rangeError("ERR_LENGTH", `${this.label}: ${this.nameOf(which)} must have ${wanted} like its data, got ${length}`);
  }

  private memoryGone(which: number): Error {
    const what = `${this.label}: its ${this.nameOf(which)}`;
    if (this.place !== host) return plainError("ERR_DISPOSED", `${what} was disposed: give it another CudaArray`);
    const advice = "give it a new view (WebAssembly memory that grew, a transferred or shrunk buffer)";
    return typeError("ERR_DETACHED", `${what} lost its memory: ${advice}`);
  }
}

const isShape = (shape: unknown): shape is readonly number[] =>
  Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && (size as number) >= 0);

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
