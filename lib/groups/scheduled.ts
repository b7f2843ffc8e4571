// What schedules read and write in groups, of ours and of others. Looking at the properties of many groups would be slow.
import { arrayKind, isArray, isObject } from "../errors";
import { canWrite } from "./live-group";
import { optionsBehind, type LiveOptions } from "./live-options";

/** What a schedule changes in groups, by their index; undefined: nothing. Columns, as objects for every group would be slow. */
export interface Changes {
  lr: (number | undefined)[];
  initial_lr?: (number | undefined)[];
  betas?: (readonly number[] | undefined)[];
  momentum?: (number | undefined)[];
  /** The first of the betas, in groups of ours. */
  firstBeta?: (number | undefined)[];
}

const keys = ["lr", "initial_lr", "betas", "momentum"] as const;

/** What is behind each of several groups, by their array where that is frozen. */
const behindAll = new WeakMap<readonly unknown[], Options>();
type Options = readonly (LiveOptions<object> | undefined)[];

function allBehind(groups: readonly unknown[]): Options {
  const known = behindAll.get(groups);
  if (known !== undefined) return known;
  const found = groups.map((group) => (isObject(group) ? optionsBehind(group) : undefined));
  if (Object.isFrozen(groups)) behindAll.set(groups, found);
  return found;
}

/** Reads the lr and initial_lr of groups of any kind, whatever they are. The accessors of our groups would be slower. */
export function ratesOf(groups: readonly unknown[]): { lrs: unknown[]; initial_lrs: unknown[] } {
  const all = allBehind(groups);
  const lrs: unknown[] = [];
  const initial_lrs: unknown[] = [];
  for (let index = 0; index < groups.length; ++index) {
    const options = all[index];
    const group = (options !== undefined || isObject(groups[index]) ? groups[index] : {}) as {
      lr?: unknown;
      initial_lr?: unknown;
    };
    lrs.push(options === undefined ? group.lr : options.show("lr" as never));
    initial_lrs.push(group.initial_lr);
  }
  return { lrs, initial_lrs };
}

/** A value of a group of any kind. Asking a group of ours for an option that it lacks would go through its prototype, a slow proxy. */
export function valueIn(group: object, key: string): unknown {
  const options = optionsBehind(group);
  if (options === undefined) return group[key as never];
  return options.has(key) ? options.show(key as never) : undefined;
}

/** What was asked last. Groups of one optimizer have one schema. */
let lastSchema: object | undefined;
let lastMomentumKey: "betas" | "momentum" | undefined;

/** Which option of a group is its momentum. */
function momentumKey(options: LiveOptions<object>): "betas" | "momentum" | undefined {
  if (options.schema !== lastSchema) {
    lastSchema = options.schema;
    lastMomentumKey = options.has("betas") ? "betas" : options.has("momentum") ? "momentum" : undefined;
  }
  return lastMomentumKey;
}

/** Adds a group's momentum to changes: the first of its betas, or `momentum` where it has none. False where it has neither. */
export function addMomentum(changes: Changes, index: number, group: object, value: number): boolean {
  const options = optionsBehind(group);
  const key = options === undefined ? undefined : momentumKey(options);
  if (key === "betas") {
    (changes.firstBeta ??= [])[index] = value;
    return true;
  }
  const { betas, momentum } = options === undefined ? (group as { betas?: readonly number[]; momentum?: unknown }) : {};
  if (betas !== undefined && !isArray(betas) && arrayKind(betas) === undefined) return false;
  if (betas !== undefined) (changes.betas ??= [])[index] = [value, ...[...betas].slice(1)];
  else if (momentum !== undefined || key === "momentum") (changes.momentum ??= [])[index] = value;
  else return false;
  return true;
}

/** The first group whose option cannot be written because the group is frozen, and the key of that option. */
export function unwritableIn(groups: readonly object[], changes: Changes): { index: number; key: string } | undefined {
  const all = allBehind(groups);
  for (let index = 0; index < groups.length; ++index) {
    const group = groups[index] as object;
    const isOurs = all[index] !== undefined && Object.isExtensible(group);
    if (isOurs && changes.initial_lr === undefined) continue;
    const key = keys.find(
      (one) => changes[one]?.[index] !== undefined && !(isOurs && one !== "initial_lr") && !canWrite(group, one),
    );
    if (key !== undefined) return { index, key };
  }
  return undefined;
}

/**
 * Writes options of groups as a schedule does. PyTorch's OneCycleLR can give a negative lr, which PyTorch checks nowhere: here the next
 * step refuses it.
 */
export function writeScheduled(groups: readonly object[], changes: Changes): void {
  const all = allBehind(groups);
  for (const key of keys) {
    const values = changes[key];
    if (values === undefined) continue;
    let schema: object | undefined;
    let isOption = false;
    for (let index = 0; index < groups.length; ++index) {
      const options = all[index];
      const value = values[index];
      if (value === undefined) continue;
      if (options?.schema !== schema) {
        schema = options?.schema;
        isOption = options?.has(key) === true;
      }
      if (isOption) (options as LiveOptions<object>).write(key as never, value);
      else Object.assign(groups[index] as object, { [key]: value });
    }
  }
  changes.firstBeta?.forEach((value, index) => {
    if (value !== undefined) all[index]?.writeFirst("betas" as never, value);
  });
}
