import type { CudaArray } from "./cuda/array";
import type { Floats, Placed } from "./arrays/placement";
import { gradientNames } from "./arrays/misnamed";
import { refuseMore, refuseUnknownKeys, requireObject } from "./options/kinds";

/** A gradient that is zero except in some rows. A row is all elements that share one index of the first dimension. */
export interface SparseGradient<A extends Floats = Float32Array> {
  /** Which rows, in any order. A row may be repeated: then its values are summed in their order. On the host, wherever the parameter lies. */
  readonly rows: Uint32Array;
  /** The values of these rows, end to end, where the parameter lies. Only read. */
  readonly values: A;
}

/**
 * What an optimizer updates: any object of this shape. All arrays of a parameter lie in one place: on the host, or on one device. `Grad` is
 * what its gradients are.
 */
export interface Parameter<A extends Floats = Float32Array, Grad = A> {
  /** The values, float32. May be replaced between steps by an array of the same length in the same place. */
  data: A;
  /** The gradient, as long as `data`. Read by a step, never written. null or absent: this parameter is skipped whole. */
  grad?: Grad | null;
  /** The shape of the tensor, where it matters; its product is the length. */
  shape?: readonly number[];
  /** A name, for messages and checkpoints. */
  name?: string;
  /** Receives the updated values; default: `data` itself. As long as `data`, and disjoint from all other memory of the step. */
  out?: A;
}

/** A parameter whose gradients may be sparse. Its `shape` has two dimensions or more. */
export type SparseParameter<A extends Floats = Float32Array> = Parameter<A, A | SparseGradient<A>>;

/** A parameter on the host or on a device. */
export type AnyParameter = SparseParameter | SparseParameter<CudaArray>;

const keys = ["grad", "shape", "name", "out"];

/** What other libraries call them. */
const otherNames = [gradientNames, ["shape", "dims", "dimensions", "size", "sizes"], ["name", "label", "id"], ["out", "output"]];

/**
 * Makes a parameter: `parameter(new Float32Array(10), { name: "bias" })`. One whose gradients may be sparse is a `SparseParameter`.
 *
 * @param data the values: a Float32Array or a CudaArray
 * @param rest `grad` (default null), `shape`, `name`, `out`
 * @throws ERR_UNKNOWN_OPTION for another key, ERR_INVALID_OPTION where `rest` is no object
 */
export function parameter<A extends Floats>(
  data: A,
  rest?: Omit<Parameter<Placed<A>>, "data">,
): Parameter<Placed<A>> & { grad: Placed<A> | null };
export function parameter(data: Float32Array, rest: Omit<SparseParameter, "data">): SparseParameter;
export function parameter(data: CudaArray, rest: Omit<SparseParameter<CudaArray>, "data">): SparseParameter<CudaArray>;
export function parameter(
  data: Floats,
  rest: Omit<Parameter<Floats, unknown>, "data"> = {},
  ...more: readonly unknown[]
): Parameter<Floats, unknown> {
  refuseMore(more, "parameter", "the data and one object of options");
  requireObject(rest, "The second argument of parameter");
  refuseUnknownKeys(rest, keys, "parameter", otherNames);
  return { data, ...rest, grad: rest.grad ?? null };
}
