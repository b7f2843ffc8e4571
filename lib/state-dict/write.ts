import { copyJson } from "../checkpoint/json";
import { commonOptions, publicDefaults } from "../options/common";
import { typeError } from "../errors";
import { copyOf, type Floats } from "../arrays/placement";
import type { Group } from "../groups/group";
import { role } from "../native/engine";
import { emaOf, lookaheadOf, titleOf, type Rule } from "../rule/rule";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import { bufferKeys, type TrackedParameter } from "../step/tracked-parameter";
import { namesOf } from "./names";
import type { StateDict } from "./types";

/** Throws for options that the published PyTorch class does not have. */
export function requirePublished<O extends object>(rule: Rule<O>, groups: readonly Group<O>[]): void {
  const { obeys = [] } = rule.published ?? {};
  groups.forEach((group, index) => {
    group.readAll();
    for (const [key, value] of Object.entries(publicDefaults(group.options)) as [keyof typeof commonOptions, unknown][]) {
      if (!(key in commonOptions) || obeys.includes(key)) continue;
      const what = `param_groups[${index}]: PyTorch's ${titleOf(rule)} has no option ${key}, which is ${JSON.stringify(value)} here`;
      throw typeError("ERR_STATE_DICT", `${what}; without { pytorch: true } it is saved`);
    }
  });
}

/** @param published whether to add what the published classes need */
export function writeStateDict<O extends object>(rule: Rule<O>, groups: readonly Group<O>[], published: boolean): StateDict {
  const state: StateDict["state"] = {};
  for (const group of groups) {
    group.readAll();
    for (const tracked of group.parameters) {
      const entry = writeState(rule, group, tracked, published);
      if (entry !== undefined) state[tracked.index] = entry;
    }
  }
  const { optimizer, version } = rule;
  const anyLookahead = groups.some(({ options }) => lookaheadOf(rule, options) !== null) && rule.lookahead === undefined;
  const anyEma = groups.some(({ options }) => emaOf(options) !== null);
  const param_groups = groups.map((group, index) => ({
    ...(structuredClone(publicDefaults(group.options)) as Record<string, unknown>),
    ...(anyLookahead && lookaheadOf(rule, group.options) === null ? { lookahead: null } : {}),
    ...(anyEma && emaOf(group.options) === null ? { ema: null } : {}),
    ...writeExtras(group, index),
    ...(published ? rule.published?.group?.() : {}),
    params: group.parameters.map((tracked) => tracked.index),
    ...writeNames(group),
  }));
  return { optimizer, ...(version === undefined ? {} : { version }), state, param_groups };
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

/** A copy of the state of one parameter; undefined before its first step. */
function writeState<O extends object>(rule: Rule<O>, { options }: Group<O>, tracked: TrackedParameter, published: boolean) {
  const { states, steps } = tracked;
  const slow = slowWeights(tracked, lookaheadOf(rule, options) !== null);
  const ema = emaOf(options) === null ? null : tracked.ema;
  if (ema !== null) requireUnchanged(tracked, ema, role.ema);
  const isBare = slow === null && ema === null;
  if (states.length === 0 && isBare) return undefined;
  const entry: Record<string, unknown> = rule.counted === false && isBare ? {} : { step: steps };
  if (published) Object.assign(entry, rule.published?.state?.(options, steps));
  for (let k = 0; k < states.length; ++k) {
    const array = states[k] as Floats;
    requireUnchanged(tracked, array, role.state + k);
    entry[tracked.nameOf(role.state + k)] = copyOf(array);
  }
  if (slow !== null) entry[bufferKeys.slow] = copyOf(slow);
  if (ema !== null) entry[bufferKeys.ema] = copyOf(ema);
  return entry;
}

/** The slow weights. Where Lookahead was turned on since the last step, they begin as the parameter. */
function slowWeights(tracked: TrackedParameter, withLookahead: boolean) {
  const { slow, steps, parameter } = tracked;
  if (!withLookahead || (slow === null && steps === 0)) return null;
  if (slow !== null) {
    requireUnchanged(tracked, slow, role.slow);
    return slow;
  }
  const { data } = parameter;
  requireFloats(tracked, data, role.data);
  requireUnchanged(tracked, data, role.data);
  return data;
}
