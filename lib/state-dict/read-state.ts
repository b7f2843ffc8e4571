// The state of one parameter in a dict.
import { arrayKind, describe, isArray, isObject, lengthOf, rangeError, typeError } from "../errors";
import { isHalves, toDtype } from "../arrays/placement";
import type { StateDtype } from "../options/common";
import type { Rule } from "../rule/rule";
import { bufferKeys, copyOfCounts, noBuffers, rowStepsName, type Buffer, type TrackedParameter } from "../step/tracked-parameter";
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
  rowSteps: null,
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
    rowStepsName,
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
  const steps = readCount(step, "step", tracked);
  const noiseId = entry[noiseKey] === undefined ? undefined : readCount(entry[noiseKey], noiseKey, tracked);
  const rowSteps = readRowSteps(entry[rowStepsName], steps, tracked);
  return { tracked, steps, noiseId, arrays, buffers, rowSteps, unbegun };
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

/** A copy of the counts of a parameter's rows, where it has any. */
function readRowSteps(counts: unknown, steps: number, tracked: TrackedParameter): Uint32Array | null {
  if (counts === undefined) return null;
  const { label, first, dimensions } = tracked;
  if (arrayKind(counts) !== "Uint32Array") {
    throw refuse(`${label}: ${rowStepsName} must be a Uint32Array, got ${describe(counts)}`);
  }
  const rows = dimensions < 2 ? 0 : first;
  const length = lengthOf(counts as Uint32Array);
  if (length !== rows) {
    const advice = rows === 0 ? "none, as a parameter of one dimension has none" : `${rows} counts, one a row`;
    throw rangeError("ERR_STATE_DICT", `${label}: ${rowStepsName} must have ${advice}, got ${length}`);
  }
  const copy = copyOfCounts(counts as Uint32Array);
  const wrong = copy.findIndex((count) => count > steps);
  if (wrong < 0) return copy;
  throw refuse(`${label}: ${rowStepsName}[${wrong}] is ${copy[wrong]}, and the parameter has had ${steps} steps`);
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
