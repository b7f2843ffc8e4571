// Stochastic rounding as docs/precision.md describes it, in the plainest words there are: the reference for native/update/noise.h.

const mask = 2n ** 64n - 1n;
const gamma = 0x9e3779b97f4a7c15n;

function mixed(x: bigint): bigint {
  x = ((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  x = ((x ^ (x >> 27n)) * 0x94d049bb133111ebn) & mask;
  return x ^ (x >> 31n);
}

function hashed(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** What the random bits of an element depend on. Elements have numbers below 2^32 here. */
export interface NoiseOf {
  readonly seed: number;
  readonly id: number;
  readonly step: number;
}

function keyOf({ seed, id, step }: NoiseOf): number {
  let key = mixed((BigInt(seed) + gamma) & mask);
  for (const part of [BigInt(id), BigInt(step), 0n]) key = mixed(((key ^ part) + gamma) & mask);
  return Number(key >> 32n);
}

/** The 16 random bits of state `k` of an element. */
function noiseAt(key: number, element: number, k: number): number {
  const hash = hashed((element ^ key) >>> 0);
  if (k === 0) return hash & 0xffff;
  return k === 1 ? hash >>> 16 : hashed((hash ^ 0x9e3779b9) >>> 0) >>> 16;
}

/** Floats as bfloat16, each rounded by its random bits. */
export function roundedByNoise(floats: Float32Array, of: NoiseOf, k: number): Uint16Array {
  const key = keyOf(of);
  const bits = new Uint32Array(floats.slice().buffer);
  return Uint16Array.from(floats, (value, i) => {
    const word = Number.isNaN(value) ? 0x7fc00000 : (bits[i] as number);
    return Math.floor((word + noiseAt(key, i, k)) / 65536);
  });
}
