// What the constructor of Sharded is given.
import { describe, rangeError, typeError } from "../errors";
import { host } from "../native/engine";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import { internalsOf, type Internals } from "../optimizer/internals";

const defaultBucket = 2 ** 20;

export function readBucket(options: unknown): number {
  requireObject(options, "The options of Sharded");
  refuseUnknownKeys(options, ["bucket"], "Sharded");
  const { bucket = defaultBucket } = options;
  if (typeof bucket !== "number") throw typeError("ERR_INVALID_OPTION", `bucket must be a number, got ${describe(bucket)}`);
  if (Number.isSafeInteger(bucket) && bucket >= 1) return bucket;
  throw rangeError("ERR_INVALID_OPTION", `bucket must be a whole number of elements from 1 on, got ${bucket}`);
}

export function requireOptimizer(optimizer: unknown): Internals {
  const inner = internalsOf(optimizer);
  if (inner === undefined)
    throw typeError("ERR_OPTIMIZER", `Sharded takes an optimizer of this package, got ${describe(optimizer)}`);
  for (const { label, place } of inner.groups.steps.parameters) {
    if (place === host) continue;
    const advice = "Sharded exchanges host memory only so far: cuda arrays must be read() first";
    throw typeError("ERR_INVALID_PARAMETER", `${label} lies on CUDA device ${place}: ${advice}`);
  }
  return inner;
}
