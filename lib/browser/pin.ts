// Nothing needs to stay in its place: no other thread uses it.
export const pin = (_array: Float32Array): boolean => false;
