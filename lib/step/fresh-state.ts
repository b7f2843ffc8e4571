// State arrays that begin.
import { rangeError } from "../errors";
import { zerosAt, type StateArray } from "../arrays/placement";
import type { StateDtype } from "../options/common";
import type { TrackedParameter } from "./tracked-parameter";

/** Zeros for a parameter, where it lies. */
export function zerosFor(tracked: TrackedParameter, dtype: StateDtype, data: unknown, stream: bigint, what: string): StateArray {
  const { place, length } = tracked;
  try {
    return zerosAt(place, length, stream, data, dtype);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_OUT_OF_MEMORY") throw cause;
    throw rangeError("ERR_OUT_OF_MEMORY", `${tracked.label}: no memory for its ${what} of ${length} floats`, cause);
  }
}
