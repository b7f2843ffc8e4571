// What is measured, as data.
import { shapes } from "./shapes";

export interface Variant {
  readonly name: string;
  readonly options: { readonly rectify?: boolean; readonly amsgrad?: boolean };
  /** The bytes that one step must move for one parameter: what it reads and what it writes. */
  readonly bytes: number;
  /** The variant of the formula `limit` that moves the same bytes. */
  readonly limit: 0 | 1;
}

export const variants: readonly Variant[] = [
  { name: "plain", options: {}, bytes: 28, limit: 0 }, // reads p, g, m, s; writes p, m, s
  { name: "rectified", options: { rectify: true }, bytes: 28, limit: 0 },
  { name: "amsgrad", options: { amsgrad: true }, bytes: 36, limit: 1 }, // reads and writes x as well
];

export type Mode = "sync" | "async";
export const modes: readonly Mode[] = ["sync", "async"];

/** One tensor of a size, or the tensors of a model. */
export interface Model {
  readonly name: string;
  readonly lengths: readonly number[];
}

export const ofSize = (size: number): Model => ({
  name: size >= 1e4 ? size.toExponential().replace("e+", "e") : String(size),
  lengths: [size],
});
export const models: readonly Model[] = Object.entries(shapes).map(([name, lengths]) => ({ name, lengths }));

export const defaultSizes: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7];

/** The steps before the clock starts: rectified steps are then past their momentum phase. */
export const warmUp = 10;
