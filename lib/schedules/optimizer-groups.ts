// What a schedule asks of an optimizer: groups with an lr. Classes that wrap one and hand its groups on serve as well.
import { describe, typeError } from "../errors";
import { canWrite } from "../groups/live-group";
import { liveOptionsOf, writeScheduled } from "../groups/live-options";

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

/** The groups as they are now, checked. */
export function groupsOf(optimizer: unknown): readonly ScheduledGroup[] {
  const groups: unknown = (optimizer as Scheduled | null | undefined)?.paramGroups;
  if (!Array.isArray(groups)) {
    throw typeError("ERR_OPTIMIZER", `${describe(optimizer)} is not an optimizer: it has no array of paramGroups`);
  }
  if (groups.length === 0) throw typeError("ERR_OPTIMIZER", "This optimizer has no param group; was it disposed?");
  for (let index = 0; index < groups.length; ++index) {
    const { lr, initial_lr = lr } = ((groups as unknown[])[index] ?? {}) as { lr?: unknown; initial_lr?: unknown };
    if (typeof lr === "number" && typeof initial_lr === "number") continue;
    const got = `${describe(lr)} and ${describe(initial_lr)}`;
    throw typeError("ERR_OPTIMIZER", `The lr and initial_lr of param group ${index} must be numbers, got ${got}`);
  }
  return groups as ScheduledGroup[];
}

/** Adds a momentum to a change of a group: the first of its betas, or `momentum` where it has none. */
export function addMomentumTo(change: Partial<ScheduledGroup>, { betas, momentum }: ScheduledGroup, value: number): void {
  if (betas !== undefined) change.betas = betas.length === 2 ? [value, betas[1] as number] : [value, ...[...betas].slice(1)];
  else if (momentum !== undefined) change.momentum = value;
  else throw typeError("ERR_INVALID_OPTION", "optimizer must support momentum with `cycle_momentum` option enabled");
}

/** Writes into all groups, or into none. */
export function writeGroups(groups: readonly ScheduledGroup[], changes: readonly Partial<ScheduledGroup>[]): void {
  const isLiveOption = liveOptionsOf(groups);
  groups.forEach((group, index) => {
    for (const key in changes[index]) {
      if (isLiveOption(index, key) || canWrite(group, key)) continue;
      throw typeError("ERR_OPTIMIZER", `The ${key} of param group ${index} cannot be written: it is frozen`);
    }
  });
  writeScheduled(groups, changes);
}
