// What is measured, as data.

export interface Variant {
  readonly name: string;
  readonly options: { readonly rectify?: boolean; readonly amsgrad?: boolean };
  /** The bytes that one step must move for one parameter: what it reads and what it writes. */
  readonly bytes: number;
}

export const variants: readonly Variant[] = [
  { name: "plain", options: {}, bytes: 28 }, // reads p, g, m, s; writes p, m, s
  { name: "rectified", options: { rectify: true }, bytes: 28 },
  { name: "amsgrad", options: { amsgrad: true }, bytes: 36 }, // reads and writes x as well
];

export const defaultSizes: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7];

/** The steps before the clock starts: rectified steps are then past their momentum phase. */
export const warmUp = 10;
