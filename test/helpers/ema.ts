import { SGD, parameter, type EmaOptions, type Floats, type Parameter } from "../../lib";

const { fround } = Math;

/** The next moving average, as torch.lerp rounds it: the difference, then product and sum together. In double the latter changes no bit. */
export function averaged(average: Float32Array, p: Float32Array, decay: number): Float32Array {
  const weight = fround(1 - decay);
  const [factor, base] = weight < 0.5 ? [weight, average] : [fround(weight - 1), p];
  return average.map((a, i) => fround(fround((p[i] as number) - a) * factor + (base[i] as number)));
}

/** Makes a parameter step to given values: with lr 1, from −0, by a gradient of the negated values. */
export function stepTo(optimizer: { step(): unknown }, p: Parameter, values: Float32Array): void {
  p.data.fill(-0);
  p.grad = values.map((value) => -value);
  optimizer.step();
}

/** A parameter, and an optimizer that steps to given values. */
export function follower(length: number, ema: Partial<EmaOptions> | null) {
  const p = parameter(new Float32Array(length), { name: "p" });
  return { p, optimizer: new SGD([p], { lr: 1, ema }) };
}

/** The average of a parameter. */
export const emaOf = (optimizer: { state: { get(p: Parameter<Floats>): unknown } }, p: Parameter<Floats>): Float32Array =>
  (optimizer.state.get(p) as { ema_buffer: Float32Array }).ema_buffer;
