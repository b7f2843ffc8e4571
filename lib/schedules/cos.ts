// π in units of 2^-192
const pi = 0x3243f6a8885a308d313198a2e03707344a4093822299f31d0n;
const bits = 192n;
const one = 1n << bits;

/** What was computed last: every group of an optimizer asks for the same few. */
const known = new Map<number, number>();
const kept = 16;

/** cos(x), remembered. */
export function cos(x: number): number {
  let value = known.get(x);
  if (value !== undefined) return value;
  value = computeCos(x);
  if (known.size >= kept) known.clear();
  known.set(x, value);
  return value;
}

/**
 * cos(x), rounded once, in fixed point. Math.cos would not do: engines and C libraries differ in its last bit, and PyTorch's schedules
 * carry that bit on from epoch to epoch.
 */
function computeCos(x: number): number {
  const turn = 2n * pi;
  let angle = BigInt(Math.trunc(Math.abs(x) * 2 ** Number(bits))) % turn;
  if (angle > pi) angle = turn - angle;
  const square = (angle * angle) >> bits;
  let sum = 0n;
  for (let term = one, n = 1n; term !== 0n; n += 2n) {
    sum += term;
    term = -((term * square) >> bits) / (n * (n + 1n));
  }
  return Number(sum) / Number(one);
}
