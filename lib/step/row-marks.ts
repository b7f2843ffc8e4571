// What is known of a row of a plan, by number: they lie in columns.

/** What changed in a row since native code was told: nothing; the gradient alone; anything else. */
export const news = { none: 0, gradient: 1, row: 2 } as const;

/**
 * Which arrays of a row must be checked before a step: data and gradient; all; or, on a device, all once any array was disposed of. What is
 * updated by rows is bound again at every step.
 */
export const watch = { usual: 0, all: 1, disposals: 2, byRows: 3 } as const;

/** In a plan's `kept`: it has other state arrays than the parameter. */
export const pendingBit = 32;

/** Lists the rows that have a gradient, marked by 1. Returns how many they are. */
export function listActive(present: Uint8Array, active: Int32Array): number {
  let updated = 0;
  for (let row = 0; row < present.length; ++row) {
    if (present[row] === 1) active[updated++] = row;
  }
  return updated;
}
