// Reads dicts in PyTorch's layout. Keys that its releases leave behind are ignored.
import { copyJson } from "../checkpoint/json";
import { readLookahead, savedOptions, type CommonOptions } from "../options/common";
import { isCudaArray, release, type CudaArray } from "../cuda/array";
import { describe, isArray, typeError } from "../errors";
import { copyOf, copyTo, dtypeOf, type Floats, type StateArray } from "../arrays/placement";
import { knownKeys, type Group, type GroupExtras } from "../groups/group";
import { host } from "../native/engine";
import { refuseUnknownKeys } from "../options/kinds";
import { absentOptions, emaOf, lookaheadOf, titleOf, type Rule } from "../rule/rule";
import { readSchema } from "../options/schema";
import { bufferKeys, rowStepsName, type TrackedParameter } from "../step/tracked-parameter";
import { flagKeys, optionsByFlags, requireObeyed } from "./flags";
import { matchByName, matchByPlace, type MatchedGroup } from "./match";
import { readState, refuse, requireRecord, unstepped } from "./read-state";
import { releaseKeys, requireSameRelease, versionAdvice } from "./releases";
import type { Loaded, LoadedGroup, LoadedState } from "./types";

/** Keys that OneCycleLR and SWALR put into groups, and keys of PyTorch and the published classes that are not needed. */
const cycleKeys = ["max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"];
const ignoredInGroup = ["param_names", ...cycleKeys];

/**
 * Checks a dict.
 *
 * Host arrays are copied. With `taken` they become the state themselves, so no other code may use them. Arrays for a device are
 * copied there last; if one copy fails, all of them are released. Without `strict` only what matches by name is read.
 */
export function readStateDict<O extends object>(
  rule: Rule<O>,
  groups: readonly Group<O>[],
  saved: unknown,
  { taken = false, strict = true } = {},
): Loaded<O> {
  requireRecord(saved, "A state dict");
  requireSameRule(rule, saved);
  const { state, param_groups } = saved;
  requireRecord(state, "state");
  if (!isArray(param_groups)) throw refuse(`param_groups must be an array, got ${describe(param_groups)}`);
  const savedGroups: unknown[] = [...param_groups];
  const match = strict ? matchByPlace(groups, savedGroups) : matchByName(groups, savedGroups);
  requireSameRelease(rule, saved, Object.values(state), savedGroups);
  const absent = absentIn(rule, saved);
  const trackedOf = new Map<string, TrackedParameter>();
  const converted: string[] = [];
  const result: Loaded<O> = { groups: [], states: [], trackedOf, report: { ...match.report, converted } };
  const expected: Expected<O>[] = [];
  const withSlow = savedGroups.map((group, index) => readSavedGroup(rule, group, absent, index));
  groups.forEach((group, index) => {
    const { from, keys, places } = match.groups[index] as MatchedGroup;
    const read = from === null ? keep(group) : readGroup(rule, group, savedGroups[from], absent, from);
    result.groups.push(read);
    group.parameters.forEach((tracked, k) => {
      const key = keys[k];
      if (key === null || key === undefined) return;
      trackedOf.set(key, tracked);
      const entry: unknown = Object.hasOwn(state, key) ? state[key] : undefined;
      const copy = taken || tracked.place !== host ? asItIs : (copyOf as typeof asItIs);
      const loaded = entry === undefined ? unstepped(tracked) : readState(rule, tracked, entry, group.stateDtype, copy);
      if (loaded.arrays.some((array, n) => dtypeOf(array) !== dtypeIn(entry, rule.states[n] as string))) {
        converted.push(tracked.parameter.name ?? String(tracked.index));
      }
      result.states.push(loaded);
      expected.push({ ...read, state: loaded, withSlow: withSlow[places[k] as number] === true });
    });
  });
  const stray = Object.keys(state).find((key) => !match.known.has(key));
  if (stray !== undefined) throw refuse(`state has an entry ${JSON.stringify(stray)} that no param group names`);
  requireMoments(rule, expected);
  copyToDevices(result);
  return result;
}

/** A state with what it must fit. */
interface Expected<O extends object> extends LoadedGroup<O> {
  readonly state: LoadedState;
  /** Whether the dict says that there is Lookahead: then a state without slow weights is damaged. */
  readonly withSlow: boolean;
}

/** A group that keeps its options. */
function keep<O extends object>(group: Group<O>): LoadedGroup<O> {
  group.readAll();
  return { group, options: group.options, extras: {} };
}

const asItIs = <A>(array: A): A => array;

/** The type of a state array in a dict. */
const dtypeIn = (entry: unknown, name: string) => dtypeOf((entry as Record<string, StateArray>)[name] as StateArray);

function requireSameRule<O extends object>(rule: Rule<O>, { optimizer, version }: Record<string, unknown>): void {
  if (optimizer !== undefined && optimizer !== rule.optimizer) {
    throw refuse(`This state dict belongs to ${describe(optimizer)}, not to ${rule.optimizer}`);
  }
  if (version !== undefined && version !== rule.version) {
    throw refuse(
      `This state dict belongs to version ${describe(version)}, not to ${rule.version ?? rule.optimizer}${versionAdvice(rule, version)}`,
    );
  }
}

/** The values of options that a group of the dict lacks. Release 0.1.0 kept Lookahead's options beside the groups. */
function absentIn<O extends object>(rule: Rule<O>, { optimizer, lookahead }: Record<string, unknown>): Partial<O> {
  const absent = optimizer === undefined ? {} : absentOptions(rule);
  if (lookahead === undefined) return absent;
  if (rule.lookahead !== undefined) throw refuse(`${rule.optimizer} has a Lookahead of its own, and the dict has another`);
  return { ...absent, lookahead: readLookahead(lookahead) } as object;
}

/** Checks a group of a dict, whether or not a group takes its options. Returns whether it has Lookahead. */
function readSavedGroup<O extends object>(rule: Rule<O>, saved: unknown, absent: Partial<O>, index: number): boolean {
  const where = `param_groups[${index}]`;
  requireRecord(saved, where);
  const publishedKeys = Object.keys(rule.published?.group?.() ?? {});
  const known = [...knownKeys(rule), ...publishedKeys, ...releaseKeys(rule), ...flagKeys, ...ignoredInGroup, "version"];
  try {
    refuseUnknownKeys(saved, known, `${where} of ${titleOf(rule)}`);
  } catch (cause) {
    throw typeError("ERR_STATE_DICT", (cause as Error).message, cause);
  }
  const { version = rule.version } = saved;
  if (version !== rule.version) {
    throw refuse(
      `${where} belongs to version ${describe(version)}, not to ${rule.version ?? rule.optimizer}${versionAdvice(rule, version)}`,
    );
  }
  readSchema(rule.options, { ...optionsByFlags(rule, saved), ...savedOptions(saved) }, rule.defaults as O);
  const { lookahead = (absent as { lookahead?: unknown }).lookahead ?? null } = saved;
  return rule.lookahead !== undefined || lookahead !== null;
}

/** Reads a group of a dict for one of the optimizer's. Options that it lacks come from `absent`, else from the group. */
function readGroup<O extends object>(
  rule: Rule<O>,
  group: Group<O>,
  saved: unknown,
  absent: Partial<O>,
  index: number,
): LoadedGroup<O> {
  const where = `param_groups[${index}]`;
  group.readAll();
  requireRecord(saved, where);
  const own = { state_dtype: group.stateDtype }; // which stays: the state is converted
  const given = { ...optionsByFlags(rule, saved), ...savedOptions(saved), ...own };
  const options = readSchema(rule.options, given, { ...group.options, ...absent });
  requireObeyed(saved, { rule: rule as unknown as Rule<object>, options: options }, where);
  rule.check?.(options);
  return { group, options, extras: readExtras(group, saved, where) };
}

function readExtras<O extends object>(
  group: Group<O>,
  { initial_lr, extra }: Record<string, unknown>,
  where: string,
): GroupExtras {
  const extras: GroupExtras = {};
  if (initial_lr !== undefined) {
    if (typeof initial_lr !== "number") throw refuse(`${where}: initial_lr must be a number, got ${describe(initial_lr)}`);
    extras.initial_lr = initial_lr;
  }
  try {
    if (extra !== undefined) extras.extra = copyJson(extra, `${where}.extra`);
  } catch (cause) {
    throw typeError("ERR_STATE_DICT", (cause as Error).message, cause);
  }
  const unwritable = group.unwritable(extras);
  if (unwritable === undefined) return extras;
  throw refuse(`The ${unwritable} of ${where} of this optimizer cannot be written: it is frozen`);
}

/** Every state must hold all the moments that its group's options need, and buffers only where there are their options. */
function requireMoments<O extends object>(rule: Rule<O>, expected: readonly Expected<O>[]): void {
  const counts = new Map<Group<O>, number>();
  for (const { group, options, withSlow, state } of expected) {
    const { tracked, steps, arrays, buffers, rowSteps, unbegun } = state;
    const { slow, ema } = buffers;
    const required = counts.get(group) ?? group.stateCount(options);
    counts.set(group, required);
    if (slow !== null && lookaheadOf(rule, options) === null) {
      throw refuse(`${tracked.label}: ${rule.optimizer} keeps no "${bufferKeys.slow}" in its state without Lookahead`);
    }
    if (ema !== null && emaOf(options) === null) {
      throw refuse(`${tracked.label}: ${rule.optimizer} keeps no "${bufferKeys.ema}" in its state without the option ema`);
    }
    if (rowSteps !== null && (options as CommonOptions).sparse_step !== "row") {
      throw refuse(`${tracked.label}: its state has a "${rowStepsName}", which needs the option sparse_step: "row"`);
    }
    if (steps === 0 && arrays.length === 0) continue;
    if (slow === null && withSlow) throw refuse(`${tracked.label}: its state has no ${bufferKeys.slow}`);
    if (arrays.length < required && !(unbegun && arrays.length === 0))
      throw refuse(`${tracked.label}: its state has no ${rule.states[arrays.length] as string}`);
  }
}

/** Copies what belongs on a device there. */
function copyToDevices<O extends object>({ states }: Loaded<O>): void {
  const made: CudaArray[] = [];
  const copy = (place: number, array: StateArray): Floats => {
    const there = copyTo(place, array as Float32Array);
    if (isCudaArray(there)) made.push(there);
    return there;
  };
  try {
    for (const state of states) {
      const { place } = state.tracked;
      if (place === host) continue;
      state.arrays = state.arrays.map((array) => copy(place, array));
      const { slow, ema } = state.buffers;
      state.buffers = { slow: slow && copy(place, slow), ema: ema && copy(place, ema) };
    }
  } catch (error) {
    made.forEach(release);
    throw error;
  }
}

/** Releases the device memory of a dict that is not used after all. */
export function letGo<O extends object>({ states }: Loaded<O>): void {
  for (const { arrays, buffers } of states) {
    for (const array of [...arrays, buffers.slow, buffers.ema]) {
      if (isCudaArray(array)) release(array);
    }
  }
}
