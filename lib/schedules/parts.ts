// Schedules that are made of others: how those are read, saved and loaded.
import { describe, plainError, typeError } from "../errors";
import type { Kind } from "../options/kinds";
import type { Scheduled } from "./optimizer-groups";
import type { Saved, Schedule, ScheduleStateDict } from "./schedule";

/** A list of schedules, each of which `isPart`; `wanted` says in words what they may be. */
export function scheduleList<S>(isPart: (value: unknown) => boolean, wanted: string): Kind<readonly S[]> {
  return (value, key) => {
    if (!Array.isArray(value) || value.length === 0) {
      throw typeError("ERR_INVALID_OPTION", `${key} must be an array of schedules, got ${describe(value)}`);
    }
    value.forEach((item: unknown, index) => {
      if (isPart(item)) return;
      throw typeError("ERR_INVALID_OPTION", `${key}[${index}] must be ${wanted}, got ${describe(item)}`);
    });
    return [...(value as S[])];
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

type Part = Pick<Schedule<Saved>, "stateDict" | "readState">;

/** The state dicts of the parts. */
export const saveParts = (schedulers: readonly Part[]): ScheduleStateDict[] => schedulers.map((part) => part.stateDict());

/** Checks the dicts of all parts; returns what puts them into force. */
export function readParts(saved: unknown, schedulers: readonly Part[]): () => void {
  if (!Array.isArray(saved) || saved.length !== schedulers.length) {
    const wanted = `an array of ${schedulers.length} state dicts`;
    throw typeError("ERR_STATE_DICT", `_schedulers must be ${wanted}, got ${describe(saved)}`);
  }
  const parts = schedulers.map((scheduler, index) => scheduler.readState(saved[index]));
  return () => {
    for (const part of parts) part();
  };
}
