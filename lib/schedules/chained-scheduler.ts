import type { Kinds } from "../options/kinds";
import { whole } from "../options/kinds";
import { numbers, readGiven } from "./kinds";
import { LRScheduler } from "./lr-scheduler";
import { groupsOf, writeGroups, type Scheduled } from "./optimizer-groups";
import { readParts, refuseForeign, saveParts, scheduleList } from "./parts";
import { refuseEpoch, Schedule, requireStateDict, type Saved, type ScheduleStateDict } from "./schedule";
import { SequentialLR } from "./sequential-lr";

export interface ChainedSchedulerOptions {
  /** The schedules, made for the same optimizer, in the order in which each epoch steps them. */
  schedulers: readonly (LRScheduler | SequentialLR | ChainedScheduler)[];
}

const kinds: Kinds<Saved> = { last_epoch: whole(0), _last_lr: numbers };

/**
 * Several schedules as one: a step steps all of them, in their order. Those that multiply the lr that a group has work together.
 */
export class ChainedScheduler extends Schedule<Saved> {
  readonly #schedulers: ChainedSchedulerOptions["schedulers"];

  constructor(optimizer: Scheduled, options: ChainedSchedulerOptions) {
    const isPart = (value: unknown) =>
      value instanceof LRScheduler || value instanceof SequentialLR || value instanceof ChainedScheduler;
    const schedulers = scheduleList(isPart, "a schedule over epochs (not a ReduceLROnPlateau)");
    const given = readGiven("ChainedScheduler", options, { schedulers }, {}) as ChainedSchedulerOptions;
    const groups = groupsOf(optimizer);
    refuseForeign(optimizer, given.schedulers, "ChainedScheduler expects");
    super(optimizer, kinds, { last_epoch: 0, _last_lr: groups.map(({ lr }) => lr) }, ["last_epoch"]);
    this.#schedulers = given.schedulers;
  }

  /** Enters the next epoch of every schedule. */
  step(...none: []): void {
    refuseEpoch(none);
    const groups = this.groups();
    const before = groups.map(({ lr, betas, momentum }) => ({
      lr,
      ...(betas === undefined ? {} : { betas }),
      ...(momentum === undefined ? {} : { momentum }),
    }));
    const undo = this.keep();
    try {
      for (const scheduler of this.#schedulers) scheduler.step();
    } catch (error) {
      undo();
      writeGroups(groups, before);
      throw error;
    }
    this.state = { last_epoch: this.last_epoch + 1, _last_lr: this.groups().map(({ lr }) => lr) };
  }

  override keep(): () => void {
    const undo = [super.keep(), ...this.#schedulers.map((scheduler) => scheduler.keep())];
    return () => {
      for (const one of undo) one();
    };
  }

  /** As of every schedule, with those of its parts under `_schedulers`. */
  override stateDict(): ScheduleStateDict {
    return { ...super.stateDict(), _schedulers: saveParts(this.#schedulers) };
  }

  override readState(saved: unknown): () => void {
    requireStateDict(saved);
    const { _schedulers, ...own } = saved;
    const first: unknown = Array.isArray(_schedulers) ? _schedulers[0] : undefined;
    // PyTorch saves no epoch of the whole.
    const takeOver = super.readState({
      ...own,
      last_epoch: own["last_epoch"] ?? (first as { last_epoch?: unknown } | null)?.last_epoch,
    });
    const parts = readParts(_schedulers, this.#schedulers);
    return () => {
      takeOver();
      parts();
    };
  }
}
