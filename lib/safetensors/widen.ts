// Half precision as float32. Every such number is a float32, so nothing is rounded.

/** The bits of a float16 as those of the same float32. A NaN keeps its payload. */
function widenHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // a subnormal: its first bit becomes the implicit one
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

let halves: Uint32Array | undefined;

/** Writes numbers of half precision, given by their bits, into an array as long. */
export function widen(dtype: "F16" | "BF16", from: Uint16Array, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  if (dtype === "BF16") {
    for (let i = 0; i < from.length; ++i) bits[i] = (from[i] as number) << 16;
    return;
  }
  const table = (halves ??= Uint32Array.from({ length: 1 << 16 }, (_, half) => widenHalf(half)));
  for (let i = 0; i < from.length; ++i) bits[i] = table[from[i] as number] as number;
}
