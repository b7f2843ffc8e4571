import { describe, isObject, typeError } from "../errors";
import { classNameOf } from "../foreign";
import { refuseUnknownKeys, type Kinds } from "../options/kinds";
import { groupsOf, type Scheduled, type ScheduledGroup } from "./optimizer-groups";

/** The state of a schedule, under PyTorch's keys. It survives JSON. */
export type ScheduleStateDict = Record<string, unknown> & { last_epoch: number };

/** What every schedule saves. */
export interface Saved {
  last_epoch: number;
  _last_lr: readonly number[];
}

/** What PyTorch's releases keep in a dict without need. */
const ignored = ["verbose", "_get_lr_called_within_step", "_is_initial", "anneal_func", "use_beta1", "mode_worse", "default"];

const spellInfinity = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

export function requireStateDict(saved: unknown): asserts saved is Record<string, unknown> {
  if (isObject(saved) && !(Symbol.iterator in saved)) return;
  throw typeError("ERR_STATE_DICT", `A state dict must be an object, got ${describe(saved)}`);
}

/** Refuses PyTorch's deprecated argument `epoch` of `step`. */
export function refuseEpoch([epoch]: readonly unknown[]): void {
  if (epoch === undefined || epoch === null) return;
  const advice = "it always enters the next one. To start at another, construct the schedule with last_epoch";
  throw typeError("ERR_INVALID_OPTION", `The step of a schedule takes no epoch, got ${describe(epoch)}: ${advice}`);
}

/** Who owns the optimizer's groups and the state that is saved. */
export abstract class Schedule<S extends Saved> {
  readonly optimizer: Scheduled;

  /** All that is saved, and replaced as a whole: a step that throws has changed nothing. */
  protected state: S;

  readonly #kinds: Kinds<S>;
  readonly #optional: readonly string[];

  /** @param optional keys that a dict from PyTorch may lack */
  protected constructor(optimizer: Scheduled, kinds: Kinds<S>, state: S, optional: readonly string[] = []) {
    this.optimizer = optimizer;
    this.state = state;
    this.#kinds = kinds;
    this.#optional = optional;
  }

  /** The number of the present epoch, from 0: how often `step` was called. */
  get last_epoch(): number {
    return this.state.last_epoch;
  }

  /** The learning rate of every group, as this schedule last left it. */
  getLastLr(): number[] {
    return [...this.state._last_lr];
  }

  /**
   * The state under PyTorch's keys: what it takes to continue, together with the `lr` and `initial_lr` of the optimizer's own dict.
   * It survives JSON; an infinity is spelled "Infinity", and functions are null.
   */
  stateDict(): ScheduleStateDict {
    return JSON.parse(JSON.stringify(this.state, spellInfinity)) as ScheduleStateDict;
  }

  /**
   * Continues where the schedule that wrote `saved` was. It does not touch the groups: load the optimizer's own dict as well, after this
   * schedule was made, since making it sets lr.
   *
   * @throws ERR_STATE_DICT where it belongs to another schedule or is damaged; nothing is changed then
   */
  loadStateDict(saved: ScheduleStateDict): void {
    this.readState(saved)();
  }

  /** For schedules made of others: returns what puts the present state back. */
  keep(): () => void {
    const { state } = this;
    return () => {
      this.state = state;
    };
  }

  /** Checks a dict whole; returns what puts it into force. */
  readState(saved: unknown): () => void {
    const name = classNameOf(this) || "a schedule";
    requireStateDict(saved);
    const keys = Object.keys(this.#kinds) as (keyof S & string)[];
    const state = { ...this.state };
    try {
      refuseUnknownKeys(saved, [...keys, ...ignored], `The state dict of ${name}`);
      for (const key of keys) {
        if (!Object.hasOwn(saved, key) && this.#optional.includes(key)) continue;
        state[key] = this.#kinds[key](saved[key], key, this.state[key]);
      }
    } catch (cause) {
      throw typeError("ERR_STATE_DICT", `This is no state dict of ${name}: ${(cause as Error).message}`, cause);
    }
    return () => {
      this.state = state;
    };
  }

  /** The groups as they are now. Some may have been added, none may be gone. */
  protected groups(): readonly ScheduledGroup[] {
    const groups = groupsOf(this.optimizer);
    const before = this.state._last_lr.length;
    if (groups.length >= before) return groups;
    throw typeError("ERR_OPTIMIZER", `The optimizer had ${before} param groups and now has ${groups.length}`);
  }
}
