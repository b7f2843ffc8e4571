// What a schedule asks of an optimizer: groups with an lr. Classes that wrap one and hand its groups on serve as well.
import { describe, isArray, isObject, typeError } from "../errors";
import { meantAsOptimizer } from "../meant";
import { addMomentum, ratesOf, unwritableIn, writeScheduled, type Changes } from "../groups/scheduled";

/** A group as far as schedules look at it. */
export interface ScheduledGroup {
  lr: number;
  /** The lr that a schedule starts from; set by the first schedule, and saved with the group. */
  initial_lr?: number;
  /** Its first number is what OneCycleLR cycles. */
  betas?: readonly number[];
  /** What OneCycleLR cycles where there are no betas. */
  momentum?: number;
}

/** What a schedule drives. */
export interface Scheduled {
  readonly paramGroups: readonly ScheduledGroup[];
}

/** Groups, and what was read in them. */
export interface GroupsRead {
  readonly groups: readonly ScheduledGroup[];
  readonly lrs: readonly number[];
  readonly initial_lrs: readonly (number | undefined)[];
}

/** The groups as they are now, checked. */
export const groupsOf = (optimizer: unknown): readonly ScheduledGroup[] => readGroups(optimizer).groups;

/** The same, with what each group's rates are. */
export function readGroups(optimizer: unknown): GroupsRead {
  const groups: unknown = isObject(optimizer) ? (optimizer as Scheduled).paramGroups : undefined;
  if (!isArray(groups)) {
    throw typeError(
      "ERR_OPTIMIZER",
      `${describe(optimizer)} is not an optimizer: it has no array of paramGroups${meantAsOptimizer(optimizer)}`,
    );
  }
  if (groups.length === 0) throw typeError("ERR_OPTIMIZER", "This optimizer has no param group; was it disposed?");
  const { lrs, initial_lrs } = ratesOf(groups);
  for (let index = 0; index < groups.length; ++index) {
    const lr = lrs[index];
    const initial_lr = initial_lrs[index];
    if (typeof lr === "number" && (initial_lr === undefined || typeof initial_lr === "number")) continue;
    const got = `${describe(lr)} and ${describe(initial_lr === undefined ? lr : initial_lr)}`;
    throw typeError("ERR_OPTIMIZER", `The lr and initial_lr of param group ${index} must be numbers, got ${got}`);
  }
  return { groups, lrs, initial_lrs } as GroupsRead;
}

/** Adds a group's momentum to changes. */
export function addMomentumTo(changes: Changes, index: number, group: ScheduledGroup, value: number): void {
  if (addMomentum(changes, index, group, value)) return;
  throw typeError("ERR_INVALID_OPTION", "optimizer must support momentum with `cycle_momentum` option enabled");
}

/** Writes into all groups, or into none. */
export function writeGroups(groups: readonly ScheduledGroup[], changes: Changes): void {
  const frozen = unwritableIn(groups, changes);
  if (frozen !== undefined) {
    const { index, key } = frozen;
    throw typeError("ERR_OPTIMIZER", `The ${key} of param group ${index} cannot be written: it is frozen`);
  }
  writeScheduled(groups, changes);
}
