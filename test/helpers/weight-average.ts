// Parameters whose values are known at every moment, for tests of WeightAverage.
import { SGD, parameter, type Parameter } from "../../lib";
import { makeRandom } from "./random";

export const lengths = [3, 17];

export function make() {
  const parameters = lengths.map((length, k) => parameter(new Float32Array(length), { name: `p${k}` }));
  return { parameters, optimizer: new SGD(parameters, { lr: 0.1 }) };
}

/** The weights of a moment. */
export function valuesAt(moment: number): Float32Array[] {
  const random = makeRandom(moment + 1);
  return lengths.map((length) => Float32Array.from({ length }, () => (random.below(2 ** 24) - 2 ** 23) / 2 ** random.below(40)));
}

export function set(parameters: readonly Parameter[], moment: number): void {
  valuesAt(moment).forEach((values, k) => parameters[k]?.data.set(values));
}
