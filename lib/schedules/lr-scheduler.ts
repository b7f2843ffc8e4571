import { plainError } from "../errors";
import { whole, type Kinds } from "../options/kinds";
import { numbers, readGiven } from "./kinds";
import { addMomentumTo, groupsOf, writeGroups, type Scheduled } from "./optimizer-groups";
import type { Changes } from "../groups/scheduled";
import { refuseEpoch, Schedule, type Saved } from "./schedule";

/** What the options of every schedule over epochs have. */
export interface EpochOptions {
  /** The last epoch of an earlier run, to go on from it; every group must have `initial_lr` then. Default -1: from the start. */
  last_epoch?: number;
}

interface SavedEpochs extends Saved {
  base_lrs: readonly number[];
  _step_count: number;
}

type LrRule = (lr: number, base: number, index: number) => number;

const epoch = { last_epoch: whole(-1) };
const savedKinds: Kinds<SavedEpochs> = { ...epoch, base_lrs: numbers, _last_lr: numbers, _step_count: whole(0) };

/** Reads the options of a schedule over epochs. */
export const readEpochOptions = <O extends object>(what: string, given: unknown, kinds: Kinds<O>, defaults: Partial<O>) =>
  readGiven<O & { last_epoch: number }>(what, given, { ...kinds, ...epoch } as never, { ...defaults, last_epoch: -1 } as never);

/**
 * PyTorch's `LRScheduler`: a schedule whose learning rates follow from the epoch. Making one takes the first step, into epoch 0 (or the
 * one after `last_epoch`); each `step` enters the next.
 *
 * Most have PyTorch's chainable form, which multiplies the lr that a group has: several of them on one optimizer work together, and so
 * does an lr changed by hand. All arithmetic is in doubles, in PyTorch's order.
 */
export abstract class LRScheduler<O extends object = object> extends Schedule<O & SavedEpochs> {
  /**
   * @param kinds the schedule's own keys in a state dict
   * @param own their values, and `last_epoch`
   * @param bases the initial lr of each group, where they are not the groups' own
   */
  protected constructor(
    optimizer: Scheduled,
    kinds: Kinds<O>,
    own: O & { last_epoch: number },
    { bases, optional }: { bases?: readonly number[]; optional?: readonly string[] } = {},
  ) {
    const groups = groupsOf(optimizer);
    const resuming = own.last_epoch !== -1;
    const base_lrs = groups.map((group, index) => {
      if (!resuming) return bases?.[index] ?? group.initial_lr ?? group.lr;
      if (group.initial_lr !== undefined) return group.initial_lr;
      const where = `in param_groups[${index}] when resuming an optimizer`;
      throw plainError("ERR_SCHEDULE", `param 'initial_lr' is not specified ${where}`);
    });
    const saved: SavedEpochs = { last_epoch: own.last_epoch, base_lrs, _last_lr: groups.map(({ lr }) => lr), _step_count: 0 };
    super(optimizer, { ...kinds, ...savedKinds } as never, { ...own, ...saved }, optional);
    this.#enter(this.last_epoch + 1, undefined, resuming ? [] : base_lrs);
  }

  /** Enters the next epoch: sets the lr of every group. Call it after the optimizer's steps of an epoch (OneCycleLR: after each step). */
  step(...none: []): void {
    refuseEpoch(none);
    this.#enter(this.last_epoch + 1);
  }

  /** The lr of an epoch. `lr` is what the group has now, `base` its initial lr. */
  protected abstract lrAt(epoch: number, lr: number, base: number, index: number): number;

  /** PyTorch's closed form at epoch 0. Few ask for the `lr` that the group has now. */
  protected firstLr(base: number, index: number, _lr: number): number {
    return this.lrAt(0, base, base, index);
  }

  /** The momentum of an epoch, for a schedule that moves it. */
  protected momentumAt(_epoch: number, _index: number): number | undefined {
    return undefined;
  }

  /** For SequentialLR: forgets one epoch, which is the first step that the constructor took. */
  rewind(): void {
    this.state = { ...this.state, last_epoch: this.last_epoch - 1 };
  }

  /** For SequentialLR: takes the constructor's first step again. */
  begin(): void {
    this.state = { ...this.state, _step_count: 0 };
    this.step();
  }

  /** For SequentialLR: enters epoch 0 from wherever the groups are. */
  restart(): void {
    this.#enter(0, (lr, base, index) => this.firstLr(base, index, lr));
  }

  #enter(epoch: number, rule: LrRule = this.lrAt.bind(this, epoch), initial: readonly number[] = []): void {
    const { groups, lrs: before, initial_lrs } = this.readGroups();
    const { base_lrs: known_lrs, _step_count } = this.state;
    const base_lrs = known_lrs.length === groups.length ? known_lrs : [...known_lrs];
    const lrs: number[] = [];
    const changes: Changes = { lr: lrs };
    groups.forEach((group, index) => {
      const now = before[index] as number;
      const known = initial_lrs[index];
      // A group that was added meanwhile starts from its own lr.
      const base = base_lrs[index] ?? known ?? now;
      if (index >= base_lrs.length) (base_lrs as number[]).push(base);
      lrs.push(rule(now, base, index));
      const initial_lr = initial[index] ?? known ?? base;
      if (known !== initial_lr) (changes.initial_lr ??= [])[index] = initial_lr;
      const momentum = this.momentumAt(epoch, index);
      if (momentum !== undefined) addMomentumTo(changes, index, group, momentum);
    });
    writeGroups(groups, changes);
    this.state = { ...this.state, base_lrs, last_epoch: epoch, _last_lr: lrs, _step_count: _step_count + 1 };
  }
}
