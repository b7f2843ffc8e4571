// State arrays that begin.
import { isCudaArray, release } from "../cuda/array";
import { rangeError } from "../errors";
import { zerosAt, type Floats } from "../arrays/placement";
import type { TrackedParameter } from "./tracked-parameter";

/** Zeros for a parameter, where it lies. */
export function zerosFor(tracked: TrackedParameter, data: unknown, stream: bigint, what: string): Floats {
  const { place, length } = tracked;
  try {
    return zerosAt(place, length, stream, data);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_OUT_OF_MEMORY") throw cause;
    throw rangeError("ERR_OUT_OF_MEMORY", `${tracked.label}: no memory for its ${what} of ${length} floats`, cause);
  }
}

/** Gives back an array that no step will use. */
export function giveBack(array: Floats | null | undefined): void {
  if (isCudaArray(array)) release(array);
}
