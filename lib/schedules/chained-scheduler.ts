import { isArray } from "../errors";
import type { Kinds } from "../options/kinds";
import { whole } from "../options/kinds";
import { numbers, readGiven } from "./kinds";
import { LRScheduler } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";
import { CompositeSchedule, refuseForeign, scheduleList } from "./parts";
import { refuseEpoch, requireStateDict, type Saved } from "./schedule";
import { SequentialLR } from "./sequential-lr";

export interface ChainedSchedulerOptions {
  /** The schedules, made for the same optimizer, in the order in which each epoch steps them. */
  schedulers: readonly (LRScheduler | SequentialLR | ChainedScheduler)[];
}

const kinds: Kinds<Saved> = { last_epoch: whole(0), _last_lr: numbers };

/**
 * Several schedules as one: a step steps all of them, in their order. Those that multiply the lr that a group has work together.
 */
export class ChainedScheduler extends CompositeSchedule<Saved, ChainedSchedulerOptions["schedulers"][number]> {
  constructor(optimizer: Scheduled, options: ChainedSchedulerOptions) {
    const isPart = (value: unknown) =>
      value instanceof LRScheduler || value instanceof SequentialLR || value instanceof ChainedScheduler;
    const schedulers = scheduleList(isPart, "a schedule over epochs (not a ReduceLROnPlateau)");
    const given = readGiven("ChainedScheduler", options, { schedulers }, {}) as ChainedSchedulerOptions;
    const groups = groupsOf(optimizer);
    refuseForeign(optimizer, given.schedulers, "ChainedScheduler expects");
    const state = { last_epoch: 0, _last_lr: groups.map(({ lr }) => lr) };
    super(optimizer, given.schedulers, kinds, state, ["last_epoch"]);
  }

  /** Enters the next epoch of every schedule. */
  step(...none: []): void {
    refuseEpoch(none);
    this.atomically(this.groups(), () => {
      for (const part of this.parts) part.step();
    });
    this.state = { last_epoch: this.last_epoch + 1, _last_lr: this.groups().map(({ lr }) => lr) };
  }

  override readState(saved: unknown): () => void {
    requireStateDict(saved);
    const { _schedulers: parts, last_epoch } = saved;
    const first: unknown = isArray(parts) ? parts[0] : undefined;
    // PyTorch saves no epoch of the whole.
    return super.readState({ ...saved, last_epoch: last_epoch ?? (first as { last_epoch?: unknown } | null)?.last_epoch });
  }
}
