import { describe, isArray, rangeError, typeError } from "../errors";
import { whole, type Kind, type Kinds } from "../options/kinds";
import { numbers, readGiven } from "./kinds";
import { LRScheduler } from "./lr-scheduler";
import { groupsOf, writeGroups, type Scheduled } from "./optimizer-groups";
import { CompositeSchedule, refuseForeign, scheduleList } from "./parts";
import { refuseEpoch, type Saved } from "./schedule";

export interface SequentialLROptions {
  /** The schedules, made for the same optimizer, in the order in which they take over. */
  schedulers: readonly LRScheduler[];
  /** The epochs at which the second, the third ... takes over, in ascending order. */
  milestones: readonly number[];
  /** The last epoch of an earlier run, whose schedules were made with theirs; `step` goes on after it. Default -1: from the start. */
  last_epoch?: number;
}

interface Own extends Saved {
  _milestones: readonly number[];
}

const schedulers = scheduleList<LRScheduler>(
  (value) => value instanceof LRScheduler,
  "a schedule over epochs (not a SequentialLR, ChainedScheduler or ReduceLROnPlateau)",
);

const milestones: Kind<readonly number[]> = (value, key) => {
  if (!isArray(value)) {
    throw typeError("ERR_INVALID_OPTION", `${key} must be an array of epochs, got ${describe(value)}`);
  }
  const epochs = Array.from(value, (item, index) => whole(0)(item, `${key}[${index}]`));
  if (epochs.every((epoch, index) => index === 0 || epoch >= (epochs[index - 1] as number))) return epochs;
  throw rangeError("ERR_INVALID_OPTION", `${key} must ascend, got [${epochs.join(", ")}]`);
};

const sameCount: Kind<readonly number[]> = (value, key, last = []) => {
  const epochs = milestones(value, key);
  if (epochs.length === last.length) return epochs;
  throw rangeError("ERR_INVALID_OPTION", `${key} must be ${last.length} epochs, got ${epochs.length}`);
};

const kinds: Kinds<Own> = { last_epoch: whole(0), _last_lr: numbers, _milestones: sameCount };

function read(optimizer: Scheduled, options: unknown): Required<SequentialLROptions> {
  const given = readGiven<Required<SequentialLROptions>>(
    "SequentialLR",
    options,
    { schedulers, milestones, last_epoch: whole(-1) },
    { last_epoch: -1 },
  );
  const [count, points] = [given.schedulers.length, given.milestones.length];
  refuseForeign(optimizer, given.schedulers, "Sequential Schedulers expects");
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
 * Making one sets lr back to `initial_lr` and enters the epoch of the first anew, whichever `last_epoch` is given, as in PyTorch. A state
 * dict resumes in every epoch.
 */
export class SequentialLR extends CompositeSchedule<Own, LRScheduler> {
  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    const given = read(optimizer, options);
    const groups = groupsOf(optimizer);
    const state = { last_epoch: given.last_epoch + 1, _last_lr: [], _milestones: given.milestones };
    super(optimizer, given.schedulers, kinds, state);
    const first = this.parts[0] as LRScheduler;
    this.atomically(groups, () => {
      writeGroups(groups, { lr: groups.map(({ lr, initial_lr = lr }) => initial_lr) });
      for (const part of this.parts) part.rewind();
      first.begin();
    });
    this.state = { ...this.state, _last_lr: first.getLastLr() };
  }

  /** Enters the next epoch. */
  step(...none: []): void {
    refuseEpoch(none);
    const epoch = this.last_epoch + 1;
    const { _milestones } = this.state;
    const index = _milestones.filter((milestone) => milestone <= epoch).length;
    const scheduler = this.parts[index] as LRScheduler;
    if (index > 0 && _milestones[index - 1] === epoch) scheduler.restart();
    else scheduler.step();
    this.state = { ...this.state, last_epoch: epoch, _last_lr: scheduler.getLastLr() };
  }
}
