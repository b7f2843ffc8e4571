import { describe, plainError, rangeError, typeError } from "../errors";
import { whole, type Kind, type Kinds } from "../options/kinds";
import { numbers, readGiven } from "./kinds";
import { LRScheduler } from "./lr-scheduler";
import { groupsOf, writeGroups, type Scheduled } from "./optimizer-groups";
import { refuseEpoch, requireStateDict, Schedule, type Saved, type ScheduleStateDict } from "./schedule";

export interface SequentialLROptions {
  /** The schedules, made for the same optimizer, in the order in which they take over. */
  schedulers: readonly LRScheduler[];
  /** The epochs at which the second, the third ... takes over, in ascending order. */
  milestones: readonly number[];
}

interface Own extends Saved {
  _milestones: readonly number[];
}

const schedulers: Kind<readonly LRScheduler[]> = (value, key) => {
  if (!Array.isArray(value) || value.length === 0) {
    throw typeError("ERR_INVALID_OPTION", `${key} must be an array of schedules, got ${describe(value)}`);
  }
  value.forEach((item, index) => {
    if (item instanceof LRScheduler) return;
    const wanted = "a schedule over epochs (not a SequentialLR or ReduceLROnPlateau)";
    throw typeError("ERR_INVALID_OPTION", `${key}[${index}] must be ${wanted}, got ${describe(item)}`);
  });
  return [...(value as LRScheduler[])];
};

const milestones: Kind<readonly number[]> = (value, key) => {
  if (!Array.isArray(value)) {
    throw typeError("ERR_INVALID_OPTION", `${key} must be an array of epochs, got ${describe(value)}`);
  }
  const epochs = value.map((item, index) => whole(0)(item, `${key}[${index}]`));
  if (epochs.every((epoch, index) => index === 0 || epoch >= (epochs[index - 1] as number))) return epochs;
  throw rangeError("ERR_INVALID_OPTION", `${key} must ascend, got [${epochs.join(", ")}]`);
};

const sameCount: Kind<readonly number[]> = (value, key, last = []) => {
  const epochs = milestones(value, key);
  if (epochs.length === last.length) return epochs;
  throw rangeError("ERR_INVALID_OPTION", `${key} must be ${last.length} epochs, got ${epochs.length}`);
};

const kinds: Kinds<Own> = { last_epoch: whole(0), _last_lr: numbers, _milestones: sameCount };

function read(optimizer: Scheduled, options: unknown): SequentialLROptions {
  const given = readGiven<SequentialLROptions>("SequentialLR", options, { schedulers, milestones }, {});
  const [count, points] = [given.schedulers.length, given.milestones.length];
  const foreign = given.schedulers.findIndex((scheduler) => scheduler.optimizer !== optimizer);
  if (foreign !== -1) {
    const got = `got schedulers at index ${foreign} to be different than the optimizer passed in.`;
    throw plainError(
      "ERR_INVALID_OPTION",
      `Sequential Schedulers expects all schedulers to belong to the same optimizer, but ${got}`,
    );
  }
  if (points === count - 1) return given;
  const expected =
    "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points";
  const got = `got number of schedulers ${count} and the number of milestones to be equal to ${points}`;
  throw rangeError("ERR_INVALID_OPTION", `${expected}, but ${got}`);
}

/**
 * One schedule after the other:
 *
 *     schedulers[k] from epoch milestones[k−1] on, where it starts anew from `initial_lr`
 *
 * Making one sets lr back to `initial_lr` and enters epoch 0 of the first.
 */
export class SequentialLR extends Schedule<Own> {
  readonly #schedulers: readonly LRScheduler[];

  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    const given = read(optimizer, options);
    const groups = groupsOf(optimizer);
    super(optimizer, kinds, { last_epoch: 0, _last_lr: [], _milestones: given.milestones });
    this.#schedulers = given.schedulers;
    writeGroups(
      groups,
      groups.map(({ lr, initial_lr = lr }) => ({ lr: initial_lr })),
    );
    for (const scheduler of this.#schedulers) scheduler.rewind();
    const first = this.#schedulers[0] as LRScheduler;
    first.begin();
    this.state = { ...this.state, _last_lr: first.getLastLr() };
  }

  /** Enters the next epoch. */
  step(...none: []): void {
    refuseEpoch(none);
    const epoch = this.last_epoch + 1;
    const { _milestones } = this.state;
    const index = _milestones.filter((milestone) => milestone <= epoch).length;
    const scheduler = this.#schedulers[index] as LRScheduler;
    if (index > 0 && _milestones[index - 1] === epoch) scheduler.restart();
    else scheduler.step();
    this.state = { ...this.state, last_epoch: epoch, _last_lr: scheduler.getLastLr() };
  }

  /** As of every schedule, with those of its parts under `_schedulers`. */
  override stateDict(): ScheduleStateDict {
    return { ...super.stateDict(), _schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override readState(saved: unknown): () => void {
    requireStateDict(saved);
    const { _schedulers, ...own } = saved;
    const takeOver = super.readState(own);
    if (!Array.isArray(_schedulers) || _schedulers.length !== this.#schedulers.length) {
      const wanted = `an array of ${this.#schedulers.length} state dicts`;
      throw typeError("ERR_STATE_DICT", `_schedulers must be ${wanted}, got ${describe(_schedulers)}`);
    }
    const parts = this.#schedulers.map((scheduler, index) => scheduler.readState(_schedulers[index]));
    return () => {
      takeOver();
      for (const part of parts) part();
    };
  }
}
