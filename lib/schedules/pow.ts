const bits = 192n;
const one = 1n << bits;

/** The last of the 192 bits are not exact. A result that has fewer becomes exact without them. */
const noise = 32n;

/** artanh(numerator/denominator), in units of 2^-192. */
function artanh(numerator: bigint, denominator: bigint): bigint {
  let power = (numerator << bits) / denominator;
  const square = (power * power) >> bits;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (power * square) / one;
  }
  return sum;
}

const ln2 = 2n * artanh(1n, 3n);

/** A double above 0 as whole·2^exponent. */
function split(x: number): { whole: bigint; exponent: number } {
  const word = new BigUint64Array(Float64Array.of(x).buffer)[0] as bigint;
  const [exponent, fraction] = [Number(word >> 52n), word & (2n ** 52n - 1n)];
  return exponent === 0 ? { whole: fraction, exponent: -1074 } : { whole: fraction | (2n ** 52n), exponent: exponent - 1075 };
}

/** ln x, in units of 2^-192. */
function ln(x: number): bigint {
  const { whole, exponent } = split(x);
  const size = BigInt(whole.toString(2).length);
  const reference = whole * whole > 2n ** (2n * size - 1n) ? size : size - 1n; // the nearer power of two
  const near = 2n ** reference;
  return 2n * artanh(whole - near, whole + near) + (BigInt(exponent) + reference) * ln2;
}

/** The last power: all groups ask for the same one. */
const last = { x: 1, y: 1, value: 1 };

/**
 * x^y for finite x ≥ 0 and y ≥ 0, rounded once, in fixed point. Math.pow would not do: engines and C libraries differ in its last bit,
 * and PyTorch's schedules carry that bit on from epoch to epoch.
 */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (x === 0 || y === 1) return x;
  if (x !== last.x || y !== last.y) Object.assign(last, { x, y, value: compute(x, y) });
  return last.value;
}

function compute(x: number, y: number): number {
  const { whole, exponent } = split(y);
  const product = ln(x) * whole;
  const angle = exponent < 0 ? product >> BigInt(-exponent) : product << BigInt(exponent);
  const turns = angle / ln2;
  if (turns > 1100n) return Infinity;
  if (turns < -1100n) return 0;
  const rest = angle - turns * ln2;
  let sum = 0n;
  for (let term = one, n = 1n; term !== 0n; ++n) {
    sum += term;
    term = (term * rest) / (n * one);
  }
  const scaled = Number((sum + (1n << (noise - 1n))) >> noise) / 2 ** Number(bits - noise);
  const half = Math.trunc(Number(turns) / 2); // 2^turns may be no double
  return scaled * 2 ** half * 2 ** (Number(turns) - half);
}
