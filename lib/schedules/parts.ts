// Schedules that are made of others: how those are read, saved and loaded.
import { describe, isArray, isObject, plainError, typeError } from "../errors";
import type { Kind, Kinds } from "../options/kinds";
import { valueIn } from "../groups/scheduled";
import { writeGroups, type Scheduled, type ScheduledGroup } from "./optimizer-groups";
import { requireStateDict, Schedule, type Saved, type ScheduleStateDict } from "./schedule";

/** A list of schedules, each of which `isPart`; `wanted` says in words what they may be. */
export function scheduleList<S>(isPart: (value: unknown) => boolean, wanted: string): Kind<readonly S[]> {
  return (value, key) => {
    if (!isArray(value) || value.length === 0) {
      throw typeError("ERR_INVALID_OPTION", `${key} must be an array of schedules, got ${describe(value)}`);
    }
    const list: unknown[] = Array.from(value);
    const index = list.findIndex((item) => !isObject(item) || !isPart(item));
    if (index < 0) return list as S[];
    throw typeError("ERR_INVALID_OPTION", `${key}[${index}] must be ${wanted}, got ${describe(list[index])}`);
  };
}

/** Refuses schedules of another optimizer. `expects` begins PyTorch's message. */
export function refuseForeign(
  optimizer: Scheduled,
  schedulers: readonly { readonly optimizer: Scheduled }[],
  expects: string,
): void {
  const foreign = schedulers.findIndex((scheduler) => scheduler.optimizer !== optimizer);
  if (foreign === -1) return;
  const got = `got schedulers at index ${foreign} to be different than the optimizer passed in.`;
  throw plainError("ERR_INVALID_OPTION", `${expects} all schedulers to belong to the same optimizer, but ${got}`);
}

/** What a part must be able to do. */
type Part = Pick<Schedule<Saved>, "stateDict" | "readState" | "keep">;

/** Checks the dicts of all parts; returns what puts them into force. */
function readParts(saved: unknown, parts: readonly Part[]): () => void {
  if (!isArray(saved) || saved.length !== parts.length) {
    throw typeError("ERR_STATE_DICT", `_schedulers must be an array of ${parts.length} state dicts, got ${describe(saved)}`);
  }
  return together(parts.map((part, index) => part.readState(saved[index])));
}

const together = (acts: readonly (() => void)[]) => () => {
  for (const act of acts) act();
};

/** A schedule that is made of others. They are saved, loaded and put back together. */
export abstract class CompositeSchedule<S extends Saved, P extends Part> extends Schedule<S> {
  readonly #parts: readonly P[];

  protected constructor(optimizer: Scheduled, parts: readonly P[], kinds: Kinds<S>, state: S, optional?: readonly string[]) {
    super(optimizer, kinds, state, optional);
    this.#parts = parts;
  }

  protected get parts(): readonly P[] {
    return this.#parts;
  }

  /** Acts on parts and groups. If that throws, both are as before. */
  protected atomically(groups: readonly ScheduledGroup[], act: () => void): void {
    const before = {
      lr: groups.map(({ lr }) => lr),
      betas: groups.map((group) => valueIn(group, "betas") as readonly number[] | undefined),
      momentum: groups.map((group) => valueIn(group, "momentum") as number | undefined),
    };
    const undo = this.keep();
    try {
      act();
    } catch (error) {
      undo();
      writeGroups(groups, before);
      throw error;
    }
  }

  override keep(): () => void {
    return together([super.keep(), ...this.#parts.map((part) => part.keep())]);
  }

  /** As of every schedule, with those of its parts under `_schedulers`. */
  override stateDict(): ScheduleStateDict {
    return { ...super.stateDict(), _schedulers: this.#parts.map((part) => part.stateDict()) };
  }

  override readState(saved: unknown): () => void {
    requireStateDict(saved);
    const { _schedulers, ...own } = saved;
    return together([super.readState(own), readParts(_schedulers, this.#parts)]);
  }
}
