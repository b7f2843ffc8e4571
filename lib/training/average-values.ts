// The values that are averaged: the data of parameters, on the host or on a device.
import { nativeOf, placeOf, requireUnleased, type Floats } from "../arrays/placement";
import { isCudaArray, lengthOnDevice } from "../cuda/array";
import { arrayKind, describe, lengthOf, plainError, rangeError, typeError } from "../errors";
import { touch } from "../foreign";
import { addon } from "../native/engine";
import type { Parameter } from "../parameter";

/** How long a parameter's data is; undefined where it has none. */
export function lengthIn(parameter: object, index: number): number | undefined {
  const data = dataOf(parameter, index);
  return placeOf(data) === undefined ? undefined : lengthOfData(data as Floats);
}

const lengthOfData = (data: Floats): number => (isCudaArray(data) ? lengthOnDevice(data) : lengthOf(data));

const dataOf = (parameter: object, index: number): unknown =>
  touch({ label: `Parameter ${index}` }, () => (parameter as Partial<Parameter>).data);

/** Notes how long the data of each parameter is when it is first seen. */
export function noteLengths(lengths: WeakMap<object, number>, parameters: readonly object[]): void {
  for (const [index, parameter] of parameters.entries()) {
    const data: unknown = dataOf(parameter, index);
    if (lengths.has(parameter) || (!isCudaArray(data) && arrayKind(data) !== "Float32Array")) continue;
    lengths.set(parameter, lengthOfData(data as Floats));
  }
}

/** The values of an array: itself on the host, a copy of what lies on a device. */
export const readable = (data: Floats): Float32Array => (isCudaArray(data) ? data.read() : data);

/** A parameter's data, checked: it has the `wanted` length and can be read and, if `written`, written. */
export function valuesOf(parameter: object, index: number, wanted: number | undefined, written: boolean): Floats {
  const data: unknown = dataOf(parameter, index);
  if (!isCudaArray(data) && arrayKind(data) !== "Float32Array") {
    throw typeError("ERR_NOT_FLOAT32", `Parameter ${index}: data must be a Float32Array or a CudaArray, got ${describe(data)}`);
  }
  const length = lengthOfData(data as Floats);
  if (length !== wanted) {
    throw rangeError("ERR_LENGTH", `Parameter ${index}: data must have ${wanted} elements, got ${length}`);
  }
  if (written) requireUnleased(data as Floats, `The data of parameter ${index}`);
  else if (addon.leased(nativeOf(data as Floats), false)) {
    throw plainError("ERR_LEASED", `Parameter ${index}: a step on another thread is writing its data; await stepAsync() first`);
  }
  return data as Floats;
}

/** average ← average + (values − average)/count, each operation rounded to float32. */
export function addTo(average: Float32Array, values: Float32Array, count: number): void {
  const { fround } = Math;
  for (let i = 0; i < average.length; ++i) {
    const before = average[i] as number;
    average[i] = before + fround(fround((values[i] as number) - before) / count);
  }
}
