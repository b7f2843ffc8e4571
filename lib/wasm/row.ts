// One tensor in a table.
import type { CheckedLists } from "../native/lists";
import type { HostArray } from "./host-array";
import type { Address } from "./instance";
import { extentOf } from "./memory";
import type { Interval } from "./overlap";

export interface Row {
  readonly length: number;
  /** By role. */
  readonly arrays: (HostArray | null)[];
  /** Placeholder addresses beyond the module's memory for the arrays outside it: one range per role. */
  readonly outside: Address;
}

/** The memory that a row's step writes, or its parameter that it leaves alone. */
export function writtenBy(role: CheckedLists["role"], row: Row | undefined, index: number): Interval[] {
  if (row === undefined) return [];
  const { arrays } = row;
  return arrays.flatMap((array, which) => {
    if (array === null || which === role.grad) return [];
    if (which === role.out && array === arrays[role.data]) return [];
    return [{ ...extentOf(array), row: index, role: which }];
  });
}
