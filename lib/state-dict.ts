// State dicts in PyTorch's layout: written as deep copies, read with patience for what its releases leave lying about.
import { isCudaArray, release, type CudaArray } from "./cuda/array";
import { arrayKind, describe, lengthOf, rangeError, typeError } from "./errors";
import { copyOf, copyTo, type Floats } from "./floats";
import { knownKeys, type Group } from "./group";
import { slowName, type Member } from "./member";
import { host, role } from "./native";
import { refuseUnknownKeys } from "./options";
import { readLookahead } from "./lookahead-options";
import type { Parameter } from "./parameter";
import { publicDefaults, readSchema, sharedDefaults, titleOf, type LookaheadOptions, type Rule } from "./rule";

/** The state of one parameter. */
export interface State {
  /** How many updates this parameter has had. */
  readonly step: number;
}

/** The state of a parameter whose arrays are A. */
export type StateOn<S extends State, A extends Floats> = A extends CudaArray
  ? { [Key in keyof S]: S[Key] extends Float32Array | undefined ? CudaArray : S[Key] }
  : S;

/** Where an optimizer shows the state of its parameters. */
export interface StateOf<S extends State> {
  get<A extends Floats>(parameter: Parameter<A>): StateOn<S, A> | undefined;
}

export interface StateDict {
  /** Whose state this is. Absent in dicts that come from PyTorch. */
  optimizer?: string;
  version?: string;
  /** By parameter number, as `param_groups[].params` names them. A parameter that was never stepped has none. */
  state: Record<string, Record<string, unknown>>;
  param_groups: ({ params: number[] } & Record<string, unknown>)[];
  /** With Lookahead around the optimizer. */
  lookahead?: LookaheadOptions;
}

/** What PyTorch's releases and the published classes keep in a dict without need, and what its OneCycleLR puts into groups. */
const cycleKeys = ["max_lr", "min_lr", "max_momentum", "base_momentum"];
const ignoredInGroup = [
  "buffer",
  "param_names",
  "foreach",
  "fused",
  "maximize",
  "capturable",
  "differentiable",
  "decoupled_weight_decay",
  ...cycleKeys,
];

export function writeStateDict<O extends object>(
  rule: Rule<O>,
  groups: readonly Group<O>[],
  pytorch: boolean,
  lookahead: LookaheadOptions | null,
): StateDict {
  const state: StateDict["state"] = {};
  for (const group of groups) {
    group.readAll();
    for (const member of group.members) {
      const { states, slow, steps } = member;
      if (states.length === 0 && slow === null) continue;
      const entry: Record<string, unknown> = rule.counted === false && slow === null ? {} : { step: steps };
      if (pytorch) Object.assign(entry, rule.published?.state?.(group.options, steps));
      states.forEach((array, k) => {
        member.requireUnchanged(array, role.state + k);
        entry[rule.states[k] as string] = copyOf(array);
      });
      if (slow !== null) {
        member.requireUnchanged(slow, role.slow);
        entry[slowName] = copyOf(slow);
      }
      state[member.index] = entry;
    }
  }
  const param_groups = groups.map((group) => {
    const { name, initial_lr } = group.live;
    return {
      ...(structuredClone(publicDefaults(group.options)) as Record<string, unknown>),
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof initial_lr === "number" ? { initial_lr } : {}),
      ...(pytorch ? rule.published?.group?.() : {}),
      params: group.members.map((member) => member.index),
    };
  });
  const { optimizer, version } = rule;
  return {
    optimizer,
    ...(version === undefined ? {} : { version }),
    state,
    param_groups,
    ...(lookahead === null ? {} : { lookahead: { ...lookahead } }),
  };
}

/** What a dict says, checked whole, and not yet in force. */
export interface Loaded<O extends object> {
  groups: { group: Group<O>; options: O; initial_lr: unknown }[];
  states: { member: Member; steps: number; arrays: Floats[]; slow: Floats | null }[];
  lookahead: LookaheadOptions | null;
}

const refuse = (message: string) => typeError("ERR_STATE_DICT", message);

function requireRecord(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Symbol.iterator in value) {
    throw refuse(`${what} must be an object, got ${describe(value)}`);
  }
}

/**
 * Checks a dict. `copy` is what becomes of its arrays on the host: where they are nobody else's, they may be taken as they are. Those
 * of parameters on a device are copied there last of all: where one copy fails, none of them is left.
 */
export function readStateDict<O extends object>(
  rule: Rule<O>,
  groups: readonly Group<O>[],
  saved: unknown,
  attached: LookaheadOptions | null,
  copy: (array: Float32Array) => Float32Array = copyOf,
): Loaded<O> {
  requireRecord(saved, "A state dict");
  const { optimizer, version, state, param_groups, lookahead } = saved;
  if (optimizer !== undefined && optimizer !== rule.optimizer) {
    throw refuse(`This state dict belongs to ${describe(optimizer)}, not to ${rule.optimizer}`);
  }
  if (version !== undefined && version !== rule.version) {
    throw refuse(`This state dict belongs to version ${describe(version)}, not to ${rule.version ?? rule.optimizer}`);
  }
  requireRecord(state, "state");
  if (!Array.isArray(param_groups)) throw refuse(`param_groups must be an array, got ${describe(param_groups)}`);
  const saved_groups: unknown[] = [...(param_groups as unknown[])];
  if (saved_groups.length !== groups.length) {
    const counts = `${saved_groups.length}, not ${groups.length}`;
    throw refuse(`loaded state dict has a different number of parameter groups: ${counts}`);
  }

  if (lookahead !== undefined && attached === null) {
    throw refuse(`This state dict belongs to a Lookahead around ${rule.optimizer}: load it into one`);
  }
  const result: Loaded<O> = { groups: [], states: [], lookahead: lookahead === undefined ? null : readLookahead(lookahead) };
  const publishedKeys = Object.keys(rule.published?.group?.() ?? {});
  const known = [...knownKeys(rule), ...publishedKeys, ...ignoredInGroup, "version"];
  const seen = new Set<string>();
  // Our own dicts leave out options that have the default which all optimizers share.
  const absent = optimizer === undefined ? {} : sharedDefaults(rule);
  groups.forEach((group, index) => {
    group.readAll();
    const savedGroup = saved_groups[index];
    requireRecord(savedGroup, `param_groups[${index}]`);
    try {
      refuseUnknownKeys(savedGroup, known, `param_groups[${index}] of ${titleOf(rule)}`);
    } catch (cause) {
      throw typeError("ERR_STATE_DICT", (cause as Error).message, cause);
    }
    const { params, initial_lr, version: groupVersion = rule.version } = savedGroup;
    if (groupVersion !== rule.version)
      throw refuse(
        `param_groups[${index}] belongs to version ${describe(groupVersion)}, not to ${rule.version ?? rule.optimizer}`,
      );
    if (!group.writable) throw refuse(`Group ${index} of this optimizer is frozen: it cannot take over a saved group`);
    if (!Array.isArray(params) || params.length !== group.members.length) {
      throw refuse(`loaded state dict contains a parameter group that doesn't match the size of optimizer's group ${index}`);
    }
    if (initial_lr !== undefined && typeof initial_lr !== "number") {
      throw refuse(`param_groups[${index}]: initial_lr must be a number, got ${describe(initial_lr)}`);
    }
    const options = readSchema(rule.options, savedGroup, { ...group.options, ...absent });
    rule.check?.(options);
    result.groups.push({ group, options, initial_lr });
    group.members.forEach((member, k) => {
      const id = (params as unknown[])[k];
      if (typeof id !== "number" && typeof id !== "string")
        throw refuse(`param_groups[${index}].params must be numbers, got ${describe(id)}`);
      const key = String(id);
      if (seen.has(key)) throw refuse(`param_groups name parameter ${key} twice`);
      seen.add(key);
      const entry: unknown = Object.hasOwn(state, key) ? state[key] : undefined;
      result.states.push(
        entry === undefined ? unstepped(member) : readState(rule, member, entry, member.place === host ? copy : asItIs),
      );
    });
  });
  const stray = Object.keys(state).find((key) => !seen.has(key));
  if (stray !== undefined) throw refuse(`state has an entry ${JSON.stringify(stray)} that no param group names`);
  requireMoments(rule, result);
  const slow = result.states.find((one) => one.slow !== null);
  if (slow !== undefined && attached === null && rule.lookahead === undefined) {
    throw refuse(`${slow.member.label}: ${rule.optimizer} keeps no "${slowName}" in its state`);
  }
  copyToDevices(result);
  return result;
}

const asItIs = (array: Float32Array) => array;

/** Copies what belongs on a device there. */
function copyToDevices<O extends object>({ states }: Loaded<O>): void {
  const made: CudaArray[] = [];
  const copy = (place: number, array: Floats): Floats => {
    const there = copyTo(place, array as Float32Array);
    if (isCudaArray(there)) made.push(there);
    return there;
  };
  try {
    for (const state of states) {
      const { place } = state.member;
      if (place === host) continue;
      state.arrays = state.arrays.map((array) => copy(place, array));
      if (state.slow !== null) state.slow = copy(place, state.slow);
    }
  } catch (error) {
    made.forEach(release);
    throw error;
  }
}

/** Gives back what a dict that is not taken over after all has on devices. */
export function letGo<O extends object>({ states }: Loaded<O>): void {
  for (const { arrays, slow } of states) {
    for (const array of [...arrays, slow]) {
      if (isCudaArray(array)) release(array);
    }
  }
}

const unstepped = (member: Member): Loaded<never>["states"][number] => ({ member, steps: 0, arrays: [], slow: null });

function readState<O extends object>(
  rule: Rule<O>,
  member: Member,
  entry: unknown,
  copy: (array: Float32Array) => Float32Array,
): Loaded<O>["states"][number] {
  requireRecord(entry, `The state of ${member.label.toLowerCase()}`);
  const keys = Object.keys(entry);
  if (keys.length === 0) return unstepped(member);
  const known = ["step", "rho_inf", "rho_t", slowName, ...rule.states];
  const strange = keys.find((key) => !known.includes(key));
  if (strange !== undefined) throw refuse(`${member.label}: ${rule.optimizer} keeps no ${JSON.stringify(strange)} in its state`);
  const arrays: Float32Array[] = [];
  for (const name of rule.states) {
    const array = entry[name];
    if (array === undefined || array === null) break;
    arrays.push(copy(requireMoment(array, name, member)));
  }
  const slow = entry[slowName] === undefined ? null : copy(requireMoment(entry[slowName], slowName, member));
  const step = rule.counted === false ? (entry["step"] ?? 1) : entry["step"];
  return { member, steps: readStep(step, member), arrays, slow };
}

function requireMoment(array: unknown, name: string, member: Member): Float32Array {
  if (arrayKind(array) !== "Float32Array") {
    const advice =
      "arrays do not survive JSON; keep a state dict with v8.serialize or structuredClone, or rebuild its Float32Arrays";
    throw refuse(`${member.label}: ${name} must be a Float32Array, got ${describe(array)} (${advice})`);
  }
  const length = lengthOf(array as Float32Array);
  if (length !== member.length) {
    throw rangeError("ERR_STATE_DICT", `${member.label}: ${name} must have ${member.length} elements, got ${length}`);
  }
  return array as Float32Array;
}

/** A count of steps: a number, or an array or tensor's array of one. */
function readStep(value: unknown, member: Member): number {
  const single = arrayKind(value) !== undefined || Array.isArray(value);
  const count: unknown = single && (value as number[]).length === 1 ? (value as number[])[0] : value;
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
    throw refuse(`${member.label}: step must be a whole number, got ${describe(value)}`);
  }
  return count;
}

/** Every state must hold all the moments that its group's options need. */
function requireMoments<O extends object>(rule: Rule<O>, { groups, states, lookahead }: Loaded<O>): void {
  const required = new Map<Member, number>();
  for (const { group, options } of groups) {
    for (const member of group.members) required.set(member, group.stateCount(options));
  }
  for (const { member, steps, arrays, slow } of states) {
    if (steps === 0 && arrays.length === 0) continue;
    const missing = arrays.length < (required.get(member) as number) ? rule.states[arrays.length] : undefined;
    if (slow === null && (rule.lookahead !== undefined || lookahead !== null))
      throw refuse(`${member.label}: its state has no ${slowName}`);
    if (missing !== undefined) throw refuse(`${member.label}: its state has no ${missing}`);
  }
}
