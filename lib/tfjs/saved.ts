// State as tfjs saves it.
import type { Optimizer, Tensor } from "@tensorflow/tfjs-core";
import { describe, isObject, typeError } from "../errors";
import { tf } from "./core";

/** A tensor as tfjs saves it. */
export type NamedTensor = Parameters<Optimizer["setWeights"]>[0][number];

/** A state array to be saved, or as it was saved. */
export interface SavedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export const refuse = (message: string) => typeError("ERR_STATE_DICT", message);

/**
 * The number of steps, to be saved. It is a vector of one. The optimizers of tfjs save a scalar, and its Adam has the same names as this
 * class: by the scalar its state is known.
 */
export const iterOf = (steps: number): Tensor => tf.tensor1d([steps], "int32");

/** Reads what `getWeights` returned. */
export async function readWeights(weights: unknown): Promise<{ steps: number; state: SavedArray[] }> {
  if (!Array.isArray(weights)) throw refuse(`Weights must be a list of { name, tensor }, got ${describe(weights)}`);
  const [first, ...rest] = weights as NamedTensor[];
  const isIter = isObject(first) && first.name === "iter" && first.tensor instanceof tf.Tensor && first.tensor.size === 1;
  const iter = isIter ? first.tensor : undefined;
  const steps = iter === undefined ? undefined : (await iter.data())[0];
  if (iter === undefined || steps === undefined || !Number.isSafeInteger(steps) || steps < 0) {
    throw refuse(
      `The first of the weights must be "iter", the number of steps, got ${describe(isObject(first) ? first.name : first)}`,
    );
  }
  const state = await Promise.all(rest.map(readArray));
  return { steps, state };
}

async function readArray(given: NamedTensor): Promise<SavedArray> {
  if (!isObject(given) || typeof given.name !== "string")
    throw refuse(`Weights must be { name, tensor }, got ${describe(given)}`);
  const { name, tensor } = given;
  if (!(tensor instanceof tf.Tensor)) throw refuse(`${JSON.stringify(name)} must be a tensor, got ${describe(tensor)}`);
  if (tensor.dtype !== "float32") throw refuse(`${JSON.stringify(name)} must have the dtype float32, not ${tensor.dtype}`);
  return { name, shape: [...tensor.shape], values: new Float32Array(await tensor.data<"float32">()) };
}

/** Refuses the state of an optimizer of tfjs. Its names may be those of this class, its moments are others. */
export function requireOwn(weights: readonly NamedTensor[]): void {
  if (weights[0]?.tensor.rank === 1) return;
  throw refuse("These are weights of another optimizer, such as tf.train.adam: iter is a scalar in them. Begin without them");
}
