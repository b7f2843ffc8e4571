// Averages of weights in a checkpoint.
import { describe, plainError, typeError } from "../errors";
import type { Group } from "../groups/group";
import { partsOfAverage, prepareAverage, type WeightAverage } from "../training/weight-average";
import { parseJson } from "./json";

/** A WeightAverage over the parameters of these groups. */
export function requireAverage<O extends object>(
  given: unknown,
  groups: readonly Group<O>[],
): NonNullable<ReturnType<typeof partsOfAverage>> {
  const parts = partsOfAverage(given);
  if (parts === null) throw typeError("ERR_INVALID_OPTION", `average must be a WeightAverage, got ${describe(given)}`);
  const own = new Set(groups.flatMap(({ live }) => [...live.params] as object[]));
  const theirs = (given as WeightAverage).optimizer.paramGroups.flatMap(({ params }) => [...params]);
  if (own.size === theirs.length && theirs.every((parameter) => own.has(parameter))) return parts;
  throw plainError("ERR_INVALID_OPTION", "average is one of another optimizer: its parameters are others");
}

/** Checks what a checkpoint says of averages; returns what takes it over. */
export function prepareAverages(
  average: WeightAverage,
  counts: string | undefined,
  averages: ReadonlyMap<object, Float32Array>,
): () => void {
  if (counts === undefined) throw plainError("ERR_CHECKPOINT", "it holds no averages: it was saved without { average }");
  try {
    return prepareAverage(average, parseJson(counts, "average"), averages);
  } catch (cause) {
    throw plainError("ERR_CHECKPOINT", (cause as Error).message, cause);
  }
}
