import { makePower } from "../lib/optimizers/exact-power";

/** A double as an exact fraction: numerator · 2^-shift. */
function exact(value: number): [bigint, bigint] {
  let shift = 0n;
  while (!Number.isInteger(value)) {
    value *= 2;
    shift += 1n;
  }
  return [BigInt(value), shift];
}

/** numerator · 2^-shift, rounded to the nearest double, ties to even. */
function rounded(numerator: bigint, shift: bigint): number {
  const excess = BigInt(numerator.toString(2).length) - 53n;
  if (excess <= 0n) return Number(numerator) * 2 ** -Number(shift);
  const half = 1n << (excess - 1n);
  const rest = numerator & ((1n << excess) - 1n);
  let quotient = numerator >> excess;
  if (rest > half || (rest === half && quotient & 1n)) quotient += 1n;
  const exponent = Number(excess - shift);
  return Number(quotient) * 2 ** Math.ceil(exponent / 2) * 2 ** Math.floor(exponent / 2);
}

describe("β^t is the exact power, rounded once", () => {
  it.each([0, 0.5, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 0.1234567, 1 - 2 ** -53])("β = %p", (beta) => {
    const [numerator, shift] = exact(beta);
    const steps = [...Array.from({ length: 120 }, (_, i) => i + 1), 500, 501, 999, 1000, 1999, 2000];
    const consecutive = makePower();
    let power = 1n;
    for (let t = 1; t <= 2000; ++t) {
      power *= numerator;
      const wanted = rounded(power, shift * BigInt(t));
      if (wanted < 1e-290) break; // the error term of the product would be subnormal; such a power is lost in 1 − β^t
      expect([t, consecutive(beta, t)]).toEqual([t, wanted]);
      if (steps.includes(t)) expect([t, makePower()(beta, t)]).toEqual([t, wanted]);
    }
  });

  it("finds its way when t jumps or β changes", () => {
    const power = makePower();
    const sequence: [number, number][] = [
      [0.9, 5],
      [0.9, 6],
      [0.9, 2],
      [0.99, 3],
      [0.99, 3],
      [0.9, 4],
      [0.99, 1_000_000],
    ];
    for (const [beta, t] of sequence) expect(power(beta, t)).toBe(makePower()(beta, t));
  });
});
