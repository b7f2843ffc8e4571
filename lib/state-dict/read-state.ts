// The state of one parameter in a dict.
import { arrayKind, describe, isArray, isObject, lengthOf, rangeError, typeError } from "../errors";
import { isHalves, toDtype } from "../arrays/placement";
import type { StateDtype } from "../options/common";
import type { Rule } from "../rule/rule";
import { bufferKeys, noBuffers, type Buffer, type TrackedParameter } from "../step/tracked-parameter";
import type { LoadedState } from "./types";

export const refuse = (message: string) => typeError("ERR_STATE_DICT", message);

export function requireRecord(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (!isObject(value) || Symbol.iterator in value) {
    throw refuse(`${what} must be an object, got ${describe(value)}`);
  }
}

export const unstepped = (tracked: TrackedParameter): LoadedState => ({
  tracked,
  steps: 0,
  noiseId: undefined,
  arrays: [],
  buffers: noBuffers,
  unbegun: true,
});

/** The key of the number that the random bits of a state depend on. */
export const noiseKey = "noise_id";

type HostArray = Float32Array | Uint16Array;

/**
 * @param dtype the type that the state arrays get
 * @param copy what becomes of arrays that have their type already
 */
export function readState<O extends object>(
  rule: Rule<O>,
  tracked: TrackedParameter,
  entry: unknown,
  dtype: StateDtype,
  copy: <A extends HostArray>(array: A) => A,
): LoadedState {
  requireRecord(entry, `The state of ${tracked.label.toLowerCase()}`);
  const keys = Object.keys(entry);
  if (keys.length === 0) return unstepped(tracked);
  const known = [
    "step",
    noiseKey,
    ...Object.values(bufferKeys),
    ...rule.states,
    ...(rule.optimizer === "AdaBelief" ? ["rho_inf", "rho_t"] : []),
  ];
  const strange = keys.find((key) => !known.includes(key));
  if (strange !== undefined) throw refuse(`${tracked.label}: ${rule.optimizer} keeps no ${JSON.stringify(strange)} in its state`);
  const arrays: HostArray[] = [];
  for (const name of rule.states) {
    const given = entry[name];
    if (given === undefined || given === null) break;
    const array = requireMoment(given, name, tracked);
    const converted = toDtype(array, dtype);
    arrays.push(converted === array ? copy(array) : converted);
  }
  const buffer = (which: Buffer) => {
    const key = bufferKeys[which];
    return entry[key] === undefined ? null : copy(requireBuffer(entry[key], key, tracked));
  };
  const buffers = { slow: buffer("slow"), ema: buffer("ema") };
  const step = rule.counted === false ? (entry["step"] ?? 1) : entry["step"];
  const unbegun = rule.keepsNone === true && rule.states.some((name) => entry[name] === null);
  const noiseId = entry[noiseKey] === undefined ? undefined : readCount(entry[noiseKey], noiseKey, tracked);
  return { tracked, steps: readCount(step, "step", tracked), noiseId, arrays, buffers, unbegun };
}

const advice = "arrays do not survive JSON; keep a state dict with v8.serialize or structuredClone, or rebuild its arrays";

/** A state array: of floats, or of bfloat16. */
function requireMoment(array: unknown, name: string, tracked: TrackedParameter): HostArray {
  return isHalves(array) ? requireLength(array, name, tracked) : requireBuffer(array, name, tracked);
}

function requireBuffer(array: unknown, name: string, tracked: TrackedParameter): Float32Array {
  if (arrayKind(array) !== "Float32Array") {
    throw refuse(`${tracked.label}: ${name} must be a Float32Array, got ${describe(array)} (${advice})`);
  }
  return requireLength(array as Float32Array, name, tracked);
}

function requireLength<A extends HostArray>(array: A, name: string, tracked: TrackedParameter): A {
  const length = lengthOf(array);
  if (length === tracked.length) return array;
  throw rangeError("ERR_STATE_DICT", `${tracked.label}: ${name} must have ${tracked.length} elements, got ${length}`);
}

/** A whole number, as a count of steps: a number, or an array or tensor's array of one. */
function readCount(value: unknown, key: string, tracked: TrackedParameter): number {
  const single = arrayKind(value) !== undefined || isArray(value);
  const count: unknown = single && (value as number[]).length === 1 ? (value as number[])[0] : value;
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
    throw refuse(`${tracked.label}: ${key} must be a whole number, got ${describe(value)}`);
  }
  return count;
}
