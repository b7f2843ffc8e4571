// Parameters and gradients for tests of GradScaler.
import { parameter } from "../../lib";
import { makeRandom } from "./random";

const length = 37;
export const make = (seed = 1) => {
  const random = makeRandom(seed);
  return parameter(Float32Array.from({ length }, () => random.below(1000) / 500 - 1));
};
export const gradient = (step: number, scale = 1) =>
  Float32Array.from({ length }, (_, k) => Math.fround(Math.sin(step * 31 + k)) * scale);
export const bad = (value: number) => gradient(0).fill(value, 3, 4);
