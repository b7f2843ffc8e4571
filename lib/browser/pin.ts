// Nothing needs to stay in its place: no other thread uses it.
export const pin = (_array: Float32Array): void => undefined;
export const pinAll = (_arrays: readonly unknown[], _first: () => void): boolean => false;
