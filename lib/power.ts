/** β^t for bias corrections, for one β at a time: t rises by one a step, so it remembers where it was. */
export type Power = (base: number, exponent: number) => number;

const splitter = 2 ** 27 + 1;

/**
 * Makes a function that raises a base in [0, 1) to a whole power and rounds the result once, by carrying it in two doubles
 * (about 100 bits). Math.pow would not do: engines and libm round it differently, and a coefficient's bits depend on it.
 */
export function makePower(): Power {
  let base = Number.NaN;
  let exponent = 0;
  let high = 1; // high + low = base^exponent
  let low = 0;

  // (high + low) · (h + l), with Dekker's exact product of the two leading parts
  const multiply = (h: number, l: number): void => {
    const product = high * h;
    const a = splitter * high;
    const aHigh = a - (a - high);
    const aLow = high - aHigh;
    const b = splitter * h;
    const bHigh = b - (b - h);
    const bLow = h - bHigh;
    const error = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
    const rest = error + (high * l + low * h);
    high = product + rest;
    low = rest - (high - product);
  };

  return (newBase, newExponent) => {
    if (newBase === base && newExponent === exponent) return high;
    if (newBase === base && newExponent === exponent + 1) {
      multiply(base, 0);
    } else {
      high = 1;
      low = 0;
      base = newBase;
      for (let bit = 2 ** Math.floor(Math.log2(Math.max(newExponent, 1))); bit >= 1; bit /= 2) {
        multiply(high, low);
        if (Math.floor(newExponent / bit) % 2 === 1) multiply(base, 0);
      }
    }
    exponent = newExponent;
    return high;
  };
}
