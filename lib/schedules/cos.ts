// π in units of 2^-192
const pi = 0x3243f6a8885a308d313198a2e03707344a4093822299f31d0n;
const bits = 192n;
const one = 1n << bits;

/**
 * cos(x), rounded once, in fixed point. Math.cos would not do: engines and C libraries differ in its last bit, and PyTorch's schedules
 * carry that bit on from epoch to epoch.
 */
export function cos(x: number): number {
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
