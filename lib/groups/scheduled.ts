// What schedules read and write in groups, of ours and of others. Looking at the properties of many groups would be slow.
import { arrayKind, isArray } from "../errors";
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
const behindAll = new WeakMap<readonly object[], Options>();
type Options = readonly (LiveOptions<object> | undefined)[];

function allBehind(groups: readonly object[]): Options {
  const known = behindAll.get(groups);
  if (known !== undefined) return known;
  const found = groups.map((group) => optionsBehind(group));
  if (Object.isFrozen(groups)) behindAll.set(groups, found);
  return found;
}

/** A value of a group of any kind. Asking a group of ours for an option that it lacks would go through its prototype, a slow proxy. */
export function valueIn(group: object, key: string): unknown {
  const options = optionsBehind(group);
  if (options === undefined) return group[key as never];
  return options.has(key) ? options.show(key as never) : undefined;
}

/** Adds a group's momentum to changes: the first of its betas, or `momentum` where it has none. False where it has neither. */
export function addMomentum(changes: Changes, index: number, group: object, value: number): boolean {
  const options = optionsBehind(group);
  if (options?.has("betas") === true) {
    (changes.firstBeta ??= [])[index] = value;
    return true;
  }
  const { betas, momentum } = options === undefined ? (group as { betas?: readonly number[]; momentum?: unknown }) : {};
  if (betas !== undefined && !isArray(betas) && arrayKind(betas) === undefined) return false;
  if (betas !== undefined) (changes.betas ??= [])[index] = [value, ...[...betas].slice(1)];
  else if (momentum !== undefined || options?.has("momentum") === true) (changes.momentum ??= [])[index] = value;
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
    for (let index = 0; index < groups.length; ++index) {
      const [options, value] = [all[index], values[index]];
      if (value === undefined) continue;
      if (options?.has(key) === true) options.write(key as never, value);
      else Object.assign(groups[index] as object, { [key]: value });
    }
  }
  changes.firstBeta?.forEach((value, index) => {
    if (value !== undefined) all[index]?.writeFirst("betas" as never, value);
  });
}
