import { typeError } from "../errors";
import { flag, refuseUnknownKeys, requireObject, whole, type Kinds } from "../options/kinds";

/** What a state dict has beside the averages. */
export interface AverageCounts {
  /** Calls of `update` so far. */
  calls: number;
  /** How many of them were averaged: PyTorch's key. */
  n_averaged: number;
  /** Whether averages and values are exchanged. */
  swapped: boolean;
}

const countKinds: Kinds<AverageCounts> = { calls: whole(0), n_averaged: whole(0), swapped: flag };

/** @throws ERR_STATE_DICT */
export function readCounts(counts: unknown): AverageCounts {
  const keys = Object.keys(countKinds) as (keyof AverageCounts)[];
  try {
    requireObject(counts, "The counts");
    refuseUnknownKeys(counts, keys, "The state dict of WeightAverage");
    return Object.fromEntries(keys.map((key) => [key, countKinds[key](counts[key], key)])) as unknown as AverageCounts;
  } catch (cause) {
    throw typeError("ERR_STATE_DICT", `This is no state dict of WeightAverage: ${(cause as Error).message}`, cause);
  }
}
