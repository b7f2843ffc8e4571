/** Computes β^t for bias corrections. It keeps the last power, because t usually rises by one per step. */
export type Power = (base: number, exponent: number) => number;

const splitter = 2 ** 27 + 1;

/** Smaller powers count as 0: their low parts would be subnormal, which is slow, and 1 − β^t would not change. */
const least = 1e-290;

/** high + low, about 100 bits of a number. The fields of an object, unlike variables of a closure, take new doubles in place. */
class Product {
  high = 1;
  low = 0;

  /** (high + low) · (h + l), with Dekker's exact product of the two leading parts */
  multiply(h: number, l: number): void {
    const { high, low } = this;
    const product = high * h;
    if (Math.abs(product) < least) {
      this.high = 0;
      this.low = 0;
      return;
    }
    const a = splitter * high;
    const aHigh = a - (a - high);
    const aLow = high - aHigh;
    const b = splitter * h;
    const bHigh = b - (b - h);
    const bLow = h - bHigh;
    const error = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
    const rest = error + (high * l + low * h);
    this.high = product + rest;
    this.low = rest - (this.high - product);
  }
}

/**
 * Makes a function that raises a base in [0, 1) to a whole power and rounds the result once, by carrying it in two doubles.
 * Math.pow would not do: engines and libm round it differently, and a coefficient's bits depend on it.
 */
export function makePower(): Power {
  let base = Number.NaN;
  let exponent = 0;
  const power = new Product();

  return (newBase, newExponent) => {
    if (newBase === base && newExponent === exponent) return power.high;
    if (newBase === base && newExponent === exponent + 1) {
      power.multiply(base, 0);
    } else {
      power.high = 1;
      power.low = 0;
      base = newBase;
      for (let bit = 2 ** Math.floor(Math.log2(Math.max(newExponent, 1))); bit >= 1; bit /= 2) {
        power.multiply(power.high, power.low);
        if (Math.floor(newExponent / bit) % 2 === 1) power.multiply(base, 0);
      }
    }
    exponent = newExponent;
    return power.high;
  };
}
