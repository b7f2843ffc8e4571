import type { AdaBelief, Parameter } from "../../lib";
import { bitsOf } from "./bits";

/** Everything that a failed call must leave alone, as plain values: parameters, gradients, state, groups. */
export function snapshot(optimizer: AdaBelief, parameters: readonly Parameter[]): unknown {
  return {
    parameters: parameters.map(({ data, grad, out }) => [data, grad, out].map((array) => (array ? bits(array) : array))),
    state: parameters.map((parameter) => {
      const state = optimizer.state.get(parameter);
      return (
        state &&
        Object.entries(state).map(([key, value]) => [key, typeof value === "number" ? value : bits(value as Float32Array)])
      );
    }),
    groups: optimizer.paramGroups.map(({ params, ...options }) => ({
      ...options,
      params: params.map((p) => parameters.findIndex((one) => one === p)),
    })),
  };
}

const kindOf = (value: unknown) => Object.prototype.toString.call(value);

/** The bits of an array that has any; everything else as it is. */
function bits(array: unknown): unknown {
  if (!ArrayBuffer.isView(array) || kindOf(array) !== "[object Float32Array]") return array;
  return array.byteLength > 0 ? [...bitsOf(array as Float32Array)] : "no memory";
}

/** Runs something that must throw, and returns what it threw. */
export function thrownBy(act: () => unknown): Error & { code?: string } {
  try {
    act();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error("nothing was thrown");
}
