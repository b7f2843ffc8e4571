// The one place that knows what "the same bits" means.

/** The bits of floats, with one pattern for every NaN: sign and payload of a NaN differ between processors. */
export function bitsOf(floats: Float32Array): Uint32Array {
  const bits = new Uint32Array(floats.slice().buffer);
  floats.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return bits;
}

/** Throws where two arrays differ in a bit, and says where; `what` names the case. */
export function expectSameBits(actual: Float32Array, wanted: Float32Array, what: string): void {
  if (actual.length !== wanted.length) throw new Error(`${what}: ${actual.length} elements, expected ${wanted.length}`);
  const a = bitsOf(actual);
  const b = bitsOf(wanted);
  const differing = a.reduce((count, word, i) => count + Number(word !== b[i]), 0);
  if (differing === 0) return;
  const i = a.findIndex((word, k) => word !== b[k]);
  throw new Error(`${what}: ${differing} of ${a.length} elements differ, first [${i}]: ${actual[i]}, expected ${wanted[i]}`);
}
