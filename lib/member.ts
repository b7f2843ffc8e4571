import { arrayKind, describe, lengthOf, rangeError, typeError } from "./errors";
import { memory, role, rowState } from "./native";
import type { Parameter } from "./parameter";

/** Everything that one parameter's row of the native table points to. */
interface Bound {
  data: Float32Array;
  out: Float32Array;
  grad: Float32Array | null;
  states: readonly Float32Array[];
  slow: Float32Array | null;
}

const noArrays: readonly Float32Array[] = [];

/** PyTorch's name for Lookahead's slow weights. */
export const slowName = "slow_buffer";

/** A parameter in an optimizer. These fields own the arrays: native code keeps pointers into them and nothing alive. */
export class Member {
  /** This parameter's own steps so far. */
  steps = 0;
  /** Its state arrays, or none before its first step. */
  states: readonly Float32Array[] = noArrays;
  /** Lookahead's slow weights, once they have begun. */
  slow: Float32Array | null = null;
  /** What the native table has; null: nothing that still counts. */
  bound: Bound | null = null;

  // What the parameter held when this step looked. Nothing below reads the parameter again.
  data: Float32Array;
  out: Float32Array;
  grad: Float32Array | null = null;
  /** The number of the update at hand. */
  t = 0;
  /** What this step makes of it: a set of coefficients, or that it is skipped. */
  set: number = rowState.skipped;
  /** The state arrays that this step needs. */
  wanted: readonly Float32Array[] = noArrays;
  wantedSlow: Float32Array | null = null;
  readonly length: number;
  /** The number of dimensions, and the first of them. */
  readonly dimensions: number;
  readonly first: number;

  constructor(
    readonly parameter: Parameter,
    /** PyTorch's number of the parameter, and its row in the table. */
    readonly index: number,
    readonly stateNames: readonly string[],
  ) {
    if (typeof parameter !== "object" || parameter === null || arrayKind(parameter) !== undefined) {
      const advice = arrayKind(parameter) === "Float32Array" ? ": wrap it, parameter(array)" : "";
      const wanted = "an object with data, a Float32Array";
      throw typeError("ERR_INVALID_PARAMETER", `${this.label} must be ${wanted}; got ${describe(parameter)}${advice}`);
    }
    this.data = parameter.data;
    this.out = parameter.out ?? this.data;
    this.length = this.requireFloats(this.data, role.data);
    this.requireLength(this.out, role.out);
    const shape = readShape(parameter.shape, this.length, this.label);
    this.dimensions = shape.length;
    this.first = shape[0] ?? 1;
  }

  get label(): string {
    const name: unknown = (this.parameter as Parameter | null)?.name;
    return typeof name === "string" ? `Parameter ${this.index} (${name})` : `Parameter ${this.index}`;
  }

  /** Replaces the state; without arrays, back to before the first step. */
  setState(steps: number, states: readonly Float32Array[] = noArrays, slow: Float32Array | null = null): void {
    this.steps = steps;
    this.states = states;
    this.slow = slow;
    this.bound = null;
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

  /** The error for an array that the native table refused; see `status` in native/addon/table_object.cpp. */
  refusal(status: number): Error {
    const which = status >> 8;
    const array = [this.data, this.out, this.grad, this.wanted[0], this.wanted[1], this.wanted[2], this.wantedSlow][which];
    switch (memory[status & 255]) {
      case "not_float32":
        return this.notFloats(array, which);
      case "detached":
        return this.detached(which);
      default:
        return this.otherLength(lengthOf(array as Float32Array), which);
    }
  }

  /** Checks a new array's type; returns its length. */
  private requireFloats(array: Float32Array, which: number): number {
    if (arrayKind(array) !== "Float32Array") throw this.notFloats(array, which);
    return lengthOf(array);
  }

  /** Checks a new array's type and length. */
  requireLength(array: Float32Array, which: number): void {
    const length = this.requireFloats(array, which);
    if (length !== this.length) throw this.otherLength(length, which);
  }

  /** Whether the arrays known from an earlier step still have their memory. */
  unchanged(): boolean {
    const { length, data, out, states, slow } = this;
    if (slow !== null && lengthOf(slow) !== length) return false;
    if (lengthOf(data) !== length || lengthOf(out) !== length) return false;
    for (let k = 0; k < states.length; ++k) {
      if (lengthOf(states[k] as Float32Array) !== length) return false;
    }
    return true;
  }

  /** Checks an array known from an earlier step: its type cannot have changed, its memory can. */
  requireUnchanged(array: Float32Array, which: number): void {
    const length = lengthOf(array);
    if (length === this.length) return;
    if (length === 0) throw this.detached(which);
    throw rangeError("ERR_RESIZED", `${this.label}: its ${this.nameOf(which)} had ${this.length} elements and now has ${length}`);
  }

  notFloats(array: unknown, which: number): Error {
    return typeError("ERR_NOT_FLOAT32", `${this.label}: ${this.nameOf(which)} must be a Float32Array, got ${describe(array)}`);
  }

  private otherLength(length: number, which: number): Error {
    const wanted = `${this.length} elements`;
    return rangeError("ERR_LENGTH", `${this.label}: ${this.nameOf(which)} must have ${wanted} like its data, got ${length}`);
  }

  private detached(which: number): Error {
    const advice = "give it a new view (WebAssembly memory that grew, a transferred or shrunk buffer)";
    return typeError("ERR_DETACHED", `${this.label}: its ${this.nameOf(which)} lost its memory: ${advice}`);
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
