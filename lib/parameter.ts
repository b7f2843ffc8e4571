import { requireObject } from "./options";

/** What an optimizer updates: any object of this shape. */
export interface Parameter {
  /** The values, float32. May be replaced between steps by an array of the same length. */
  data: Float32Array;
  /** The gradient, as long as `data`. Read by a step, never written. null or absent: this parameter is skipped whole. */
  grad?: Float32Array | null;
  /** The shape of the tensor, where it matters; its product is the length. */
  shape?: readonly number[];
  /** A name, for messages and checkpoints. */
  name?: string;
  /** Where the updated values go; default: `data` itself. As long as `data`, and apart from all other memory of the step. */
  out?: Float32Array;
}

/**
 * Types a parameter: `parameter(new Float32Array(10), { name: "bias" })`.
 *
 * @param data the values
 * @param rest `grad` (default null), `shape`, `name`, `out`
 */
export function parameter(
  data: Float32Array,
  rest: { grad?: Float32Array | null; shape?: readonly number[]; name?: string; out?: Float32Array } = {},
): Parameter & { grad: Float32Array | null } {
  requireObject(rest, "The second argument of parameter");
  return { data, ...rest, grad: rest.grad ?? null };
}
