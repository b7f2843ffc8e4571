import { copyJson } from "../checkpoint/json";
import { commonOptions, publicDefaults, savedOptions, type CommonOptions } from "../options/common";
import { typeError } from "../errors";
import { copyOf, toDtype, type StateArray } from "../arrays/placement";
import type { Group } from "../groups/group";
import { role } from "../native/engine";
import { emaOf, lookaheadOf, stateDtypeOf, titleOf, type Rule } from "../rule/rule";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import { bufferKeys, copyOfCounts, rowStepsName, type TrackedParameter } from "../step/tracked-parameter";
import { namesOf } from "./names";
import { noiseKey } from "./read-state";
import type { StateDict } from "./types";

/** Options that say how state is kept. A dict for PyTorch has float32 state, and leaves them out. */
const ofStorage: readonly string[] = ["state_dtype", "seed"];

/** Throws for options that the published PyTorch class does not have. */
export function requirePublished<O extends object>(rule: Rule<O>, groups: readonly Group<O>[]): void {
  const { obeys = [] } = rule.published ?? {};
  groups.forEach((group, index) => {
    group.readAll();
    const set = Object.entries(savedOptions(publicDefaults(group.options))) as [keyof typeof commonOptions, unknown][];
    for (const [key, value] of set) {
      if (!(key in commonOptions) || obeys.includes(key) || ofStorage.includes(key)) continue;
      const what = `param_groups[${index}]: PyTorch's ${titleOf(rule)} has no option ${key}, which is ${JSON.stringify(value)} here`;
      throw typeError("ERR_STATE_DICT", `${what}; without { pytorch: true } it is saved`);
    }
  });
}

/** The state of parameters, and what its arrays become in a dict. */
export interface StateSource {
  stateOf(tracked: TrackedParameter): Pick<TrackedParameter, "steps" | "states" | "slow" | "ema">;
  /** @param which the role of the array in the parameter */
  written(array: StateArray, tracked: TrackedParameter, which: number): unknown;
  /** Whether all arrays become floats. */
  readonly widens?: boolean;
}

/** The parameters' own state, copied. */
export const copies = {
  stateOf: (tracked: TrackedParameter) => tracked,
  written(array: StateArray, tracked: TrackedParameter, which: number): Float32Array | Uint16Array {
    requireUnchanged(tracked, array, which);
    return copyOf(array);
  },
};

/** The same in float32. */
export const widenedCopies: StateSource = {
  ...copies,
  written: (array, tracked, which) => toDtype(copies.written(array, tracked, which), "float32"),
  widens: true,
};

/** @param published whether to add what the published classes need */
export function writeStateDict<O extends object>(
  rule: Rule<O>,
  groups: readonly Group<O>[],
  published: boolean,
  source: StateSource = copies,
): StateDict {
  const state: StateDict["state"] = {};
  for (const group of groups) {
    group.readAll();
    for (const tracked of group.parameters) {
      const entry = writeState(rule, group, tracked, published, source);
      if (entry !== undefined) state[tracked.index] = entry;
    }
  }
  const { optimizer, version } = rule;
  const anyLookahead = groups.some(({ options }) => lookaheadOf(rule, options) !== null) && rule.lookahead === undefined;
  const anyEma = groups.some(({ options }) => emaOf(options) !== null);
  const param_groups = groups.map((group, index) => ({
    ...optionsFor(source, group.options),
    ...(anyLookahead && lookaheadOf(rule, group.options) === null ? { lookahead: null } : {}),
    ...(anyEma && emaOf(group.options) === null ? { ema: null } : {}),
    ...writeExtras(group, index),
    ...(published ? rule.published?.group?.() : {}),
    params: group.parameters.map((tracked) => tracked.index),
    ...writeNames(group),
  }));
  return { optimizer, ...(version === undefined ? {} : { version }), state, param_groups };
}

function optionsFor(source: StateSource, options: object): Record<string, unknown> {
  const written = structuredClone(savedOptions(publicDefaults(options))) as Record<string, unknown>;
  if (source.widens !== true) return written;
  return Object.fromEntries(Object.entries(written).filter(([key]) => !ofStorage.includes(key)));
}

function writeNames<O extends object>({ parameters }: Group<O>): { param_names?: (string | null)[] } {
  const names = namesOf(parameters);
  return names === undefined ? {} : { param_names: names };
}

/** What a group holds beside its options. */
function writeExtras<O extends object>({ live }: Group<O>, index: number): Record<string, unknown> {
  const { name, initial_lr, extra } = live;
  const result: Record<string, unknown> = {};
  if (typeof name === "string") result["name"] = name;
  if (typeof initial_lr === "number") result["initial_lr"] = initial_lr;
  if (extra === undefined) return result;
  try {
    return { ...result, extra: copyJson(extra, `param_groups[${index}].extra`) };
  } catch (cause) {
    throw typeError("ERR_STATE_DICT", (cause as Error).message, cause);
  }
}

/** The state of one parameter; undefined before its first step. */
function writeState<O extends object>(
  rule: Rule<O>,
  { options }: Group<O>,
  tracked: TrackedParameter,
  published: boolean,
  source: StateSource,
) {
  const { states, steps, slow, ema } = source.stateOf(tracked);
  const withSlow = lookaheadOf(rule, options) !== null && (slow !== null || steps > 0);
  const withEma = emaOf(options) !== null && ema !== null;
  if (states.length === 0 && !withSlow && !withEma) return undefined;
  const rounds = stateDtypeOf(options) !== "float32" && source.widens !== true;
  const entry: Record<string, unknown> = rule.counted === false && !withSlow && !withEma && !rounds ? {} : { step: steps };
  if (published) Object.assign(entry, rule.published?.state?.(options, steps));
  if (rounds) entry[noiseKey] = tracked.noiseId;
  // A loop: a program could have replaced forEach, and would see the state.
  for (let k = 0; k < states.length; ++k) {
    entry[tracked.nameOf(role.state + k)] = source.written(states[k] as StateArray, tracked, role.state + k);
  }
  if (withSlow) entry[bufferKeys.slow] = slow === null ? beginSlow(tracked, source) : source.written(slow, tracked, role.slow);
  if (withEma) entry[bufferKeys.ema] = source.written(ema, tracked, role.ema);
  const { rowSteps } = tracked;
  if (rowSteps !== null && (options as CommonOptions).sparse_step === "row") entry[rowStepsName] = copyOfCounts(rowSteps);
  return entry;
}

/** Where Lookahead was turned on since the last step, the slow weights begin as the parameter. */
function beginSlow(tracked: TrackedParameter, source: StateSource): unknown {
  const data = tracked.read("data");
  requireFloats(tracked, data, role.data);
  return source.written(data, tracked, role.data);
}
