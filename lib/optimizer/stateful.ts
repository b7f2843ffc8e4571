import { readCheckpoint, type CheckpointSource, type LoadStateOptions } from "../checkpoint/load";
import type { Bytes } from "../checkpoint/pieces";
import { encodeCheckpoint, saveCheckpoint, type SaveStateOptions } from "../checkpoint/save";
import { flag, refuseMore, refuseUnknownKeys, requireObject } from "../options/kinds";
import {
  copies,
  readStateDict,
  requirePublished,
  widenedCopies,
  writeStateDict,
  type LoadDictOptions,
  type LoadReport,
  type StateDict,
} from "../state-dict";

import type { Guard } from "./guard";
import { WithGroups } from "./option-names";
import type { ParameterGroups } from "./parameter-groups";

/** How an optimizer saves and loads. */
export abstract class Stateful extends WithGroups {
  readonly #groups: ParameterGroups<object>;
  readonly #guard: Guard;

  protected constructor(groups: ParameterGroups<object>, guard: Guard) {
    super();
    this.#groups = groups;
    this.#guard = guard;
  }

  /**
   * A deep copy of options and state in PyTorch's layout, on the host: what lies on a device is waited for and copied.
   *
   * @param options `pytorch`: adds what the published Python classes need to load it (`rho_inf`, `rho_t`, `buffer`), and widens bfloat16
   *   state to float32. Default false
   * @throws ERR_STATE_DICT: with `pytorch`, a common option that the published class would not obey; an `extra` that JSON cannot hold
   */
  stateDict(options?: { pytorch?: boolean }): StateDict;
  stateDict(options: { pytorch?: boolean } = {}, ...rest: readonly unknown[]): StateDict {
    return this.#guard.freely(() => {
      refuseMore(rest, "stateDict");
      this.#guard.requireUnswapped();
      requireObject(options, "The options of stateDict");
      refuseUnknownKeys(options, ["pytorch"], "stateDict");
      const pytorch = flag(options.pytorch ?? false, "pytorch");
      const { rule, steps, groups } = this.#groups;
      if (pytorch) requirePublished(rule, groups);
      steps.synchronize();
      return writeStateDict(rule, groups, pytorch, pytorch ? widenedCopies : copies);
    });
  }

  /**
   * Takes over the options and a copy of the state of a dict written by `stateDict` or by the published Python classes. Each parameter's
   * state goes where the parameter lies, wherever it was before.
   *
   * @param options `strict`: default true. With false what matches by the parameters' names is taken, in whichever group, and a group takes
   *   the options of the group that its matched parameters come from. A wrong shape or option is an error all the same
   * @returns with `strict: false` what was not taken
   * @throws ERR_STATE_DICT where it belongs to another optimizer, version or shape, or a moment is missing; with `strict: false` where a
   *   side has no names, or a name that matches twice; ERR_INVALID_OPTION for an option out of range; nothing is changed then
   */
  loadStateDict(saved: StateDict, options?: { strict?: true }): void;
  loadStateDict(saved: StateDict, options: { strict: false }): LoadReport;
  loadStateDict(saved: StateDict, options: LoadDictOptions): LoadReport | void;
  loadStateDict(saved: StateDict, options: LoadDictOptions = {}, ...rest: readonly unknown[]): LoadReport | void {
    const { rule, groups } = this.#groups;
    return this.#guard.exclusively("loadStateDict", () => {
      refuseMore(rest, "loadStateDict");
      requireObject(options, "The options of loadStateDict");
      refuseUnknownKeys(options, ["strict"], "loadStateDict");
      const strict = flag((options as LoadDictOptions).strict ?? true, "strict");
      const loaded = readStateDict(rule, groups, saved, { strict });
      this.#groups.take(loaded);
      return strict ? undefined : loaded.report;
    });
  }

  /**
   * Writes options and state to a file, in safetensors format with PyTorch's names (docs/checkpoints.md).
   *
   * The values are copied before this returns, so training may go on at once, with or without `await`. The path always holds either
   * the old file or the new one, complete, even after a crash. Saves to one path are made in the order of the calls.
   *
   * @param path where to; an existing file is replaced
   * @param options `parameters`: keep the parameters' values (their `data`) too, default false; `extra`: anything of your own that
   *   JSON can hold; `average`: a WeightAverage of these parameters, to keep it too
   * @throws never: the promise is rejected with ERR_CHECKPOINT where `extra` holds what JSON would lose (NaN, functions, BigInt,
   *   instances of classes, cycles; infinities and -0 are kept) or the path is no regular file; with what `stateDict` throws; or with the
   *   file system's own error
   */
  saveState(path: string | URL, options?: SaveStateOptions): Promise<void>;
  async saveState(path: string | URL, options: SaveStateOptions = {}, ...rest: readonly unknown[]): Promise<void> {
    await this.#guard.freely(() => {
      refuseMore(rest, "saveState");
      this.#guard.requireUnswapped();
      const { rule, steps, groups } = this.#groups;
      steps.synchronize();
      return saveCheckpoint(path, rule, groups, options);
    });
  }

  /**
   * The bytes that `saveState` writes, for where there are no files: `new Blob([bytes])` in a browser.
   *
   * @param options as of `saveState`
   * @throws what `saveState` rejects with
   */
  encodeState(options?: SaveStateOptions): Bytes;
  encodeState(options: SaveStateOptions = {}, ...rest: readonly unknown[]): Bytes {
    return this.#guard.freely(() => {
      refuseMore(rest, "encodeState");
      this.#guard.requireUnswapped();
      const { rule, steps, groups } = this.#groups;
      steps.synchronize();
      return encodeCheckpoint(rule, groups, options);
    });
  }

  /**
   * Takes over options and state from a file written by `saveState`, or from Python in its layout. Parameters are matched by name
   * where both sides have names, else by number.
   *
   * All of it is checked before the first value is changed. Until the promise is settled every other method is an error (ERR_BUSY).
   *
   * @param from the file's path, or its bytes: a Uint8Array or a Blob
   * @param options `parameters`: write the saved values into the parameters' own `data`, default false; `strict`: as of `loadStateDict`;
   *   `average`: a WeightAverage of these parameters, to put the saved averages into
   * @returns `extra` as it was given to `saveState`, or undefined; `converted` where state had another type than `state_dtype` says here;
   *   with `strict: false` the whole report
   * @throws never: the promise is rejected with ERR_CHECKPOINT where the file is damaged, no checkpoint, or one of another optimizer,
   *   version or shape; ERR_DETACHED, ERR_LEASED and the like where a parameter's `data` cannot be written; or with the file
   *   system's own error. Nothing is changed then
   */
  loadState<Extra = unknown>(
    from: CheckpointSource,
    options?: LoadStateOptions & { strict?: true },
  ): Promise<{ extra: Extra } & Partial<Pick<LoadReport, "converted">>>;
  loadState<Extra = unknown>(
    from: CheckpointSource,
    options: LoadStateOptions & { strict: false },
  ): Promise<{ extra: Extra } & LoadReport>;
  loadState<Extra = unknown>(from: CheckpointSource, options: LoadStateOptions): Promise<{ extra: Extra } & Partial<LoadReport>>;
  loadState<Extra = unknown>(
    from: CheckpointSource,
    options: LoadStateOptions = {},
    ...rest: readonly unknown[]
  ): Promise<{ extra: Extra }> {
    return this.#guard.exclusivelyAsync("loadState", async () => {
      refuseMore(rest, "loadState");
      const { rule, steps, groups } = this.#groups;
      const checkpoint = await readCheckpoint(from, rule, groups, options);
      // Nothing is awaited between the last checks and the last write.
      steps.synchronize();
      const { loaded, writeValues, takeAverage } = checkpoint.check();
      writeValues();
      this.#groups.take(loaded);
      takeAverage();
      const { converted } = loaded.report;
      const report = !checkpoint.strict ? loaded.report : converted.length > 0 ? { converted } : {};
      return { extra: checkpoint.extra as Extra, ...report };
    });
  }
}
