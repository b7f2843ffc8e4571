/// <reference lib="esnext.disposable" preserve="true" />
import { readCheckpoint, type LoadStateOptions } from "../checkpoint/load";
import { encodeCheckpoint, saveCheckpoint, type SaveStateOptions } from "../checkpoint/save";
import { describe, typeError } from "../errors";
import type { Floats } from "../arrays/placement";
import type { GroupOf, ParamGroup, Params } from "../groups/group";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Parameter } from "../parameter";
import type { Rule } from "../rule/rule";
import { readStateDict, requirePublished, writeStateDict, type State, type StateDict, type StateOf } from "../state-dict";
import { readStepOptions, type StepOptions, type StepReport } from "../step/step-options";
import { Guard, noteInternals } from "./internals";
import { ParameterGroups } from "./parameter-groups";
import { zeroGradients, type ZeroGradOptions } from "./zero-grad";

/** Who owns groups and state. Every optimizer is one of these with a rule of its own. `Optimizer` without arguments is any of them. */
export abstract class Optimizer<O extends object = { lr: number }, S extends State = State> {
  /**
   * The state of a parameter: `step` and live arrays under PyTorch's names, where the parameter itself lies; undefined before its first
   * update. Those on a device are the optimizer's: it disposes of them when it is disposed of, reset, or takes over another state.
   */
  readonly state: StateOf<S> = Object.freeze({
    get: (parameter: Parameter<Floats>) => this.#groups.stateOf(parameter) as never,
  });

  // Without the type of the options, so that an Adam is also an Optimizer of { lr }.
  readonly #groups: ParameterGroups<object>;
  readonly #guard: Guard;

  /** Makes an optimizer; or another view of one, with the same groups, options and state. */
  protected constructor(rule: Rule<O>, params: Params<Partial<O>>, options: object);
  protected constructor(optimizer: Optimizer<O>);
  protected constructor(source: Rule<O> | Optimizer<O>, params?: Params<Partial<O>>, options: object = {}) {
    if (#groups in source) {
      this.#groups = source.#groups;
      this.#guard = source.#guard;
    } else {
      this.#groups = new ParameterGroups(source, params as Params<Partial<O>>, options) as unknown as ParameterGroups<object>;
      this.#guard = new Guard(source.optimizer);
    }
    noteInternals(this, this.#groups, this.#guard);
  }

  /** The groups, each with its parameters and live options. The array itself and each `params` are frozen: see `addParamGroup`. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.#groups.live as readonly ParamGroup<O>[];
  }

  /** The options of groups that set none of their own. Options that all optimizers have are there if they differ from their default. */
  get defaults(): Readonly<O> {
    return this.#groups.defaults as Readonly<O>;
  }

  /**
   * Updates every parameter that has a gradient.
   *
   * Work on a device is launched and not waited for, unless `gradNorm` is to be reported: see `synchronize` and `stepAsync`.
   *
   * @param options what happens to the gradients first: `gradScale`, `skipNonFinite`, `maxGradNorm`; `stream`: the driver's handle of
   *   a stream of the parameters' device, default 0n, the legacy default stream
   *
   * Everything is checked before the first element is written: where `step` throws, parameters, state and groups are as they were. Only
   * a device that fails in the middle cannot be undone (ERR_CUDA_LOST): then every later call but `dispose` is that error.
   *
   * @throws with a `code`: memory of another length, type or place; overlapping memory; an invalid option; ERR_BUSY during a step
   */
  step(options?: StepOptions): StepReport;
  /** Calls `closure`, which computes the gradients, then updates. Returns what the closure did, the loss as a rule. */
  step<T extends number | void>(closure: () => T): T;
  step<T extends number | void>(argument?: StepOptions | (() => T)): StepReport | T {
    return typeof argument === "function" ? this.#stepAfter(argument) : this.#step(argument);
  }

  #step(options: StepOptions | undefined): StepReport {
    this.#guard.enter("step");
    try {
      return this.#groups.steps.step(this.#groups.groups, readStepOptions(options, "step"));
    } catch (error) {
      throw this.#guard.noticed(error);
    } finally {
      this.#guard.leave();
    }
  }

  #stepAfter<T extends number | void>(closure: () => T): T {
    return this.#guard.afterClosure(closure, (result) => {
      if (typeof result === "object" && result !== null && "then" in result) {
        throw typeError("ERR_CLOSURE", "A closure must compute the gradients before it returns; this one returned a promise");
      }
      this.#groups.steps.step(this.#groups.groups, readStepOptions(undefined, "step"));
    });
  }

  /**
   * The same update on another thread, with the same bits, while this one goes on. One core is left to it. The promise is resolved when
   * the devices are done, too.
   *
   * All checks are made before it returns. Until the promise is settled, gradients must not be written, and parameters and state
   * neither read nor written; every method of this optimizer and every change of `cpu` is an error (ERR_BUSY), and a step over the same
   * memory by another optimizer too (ERR_LEASED). The promise keeps everything alive. The buffers in use become untransferable, for good;
   * resizable ones are refused (ERR_RESIZABLE).
   *
   * Three things can crash the process or lose the step, so do not do them during a step: `ArrayBuffer.prototype.transfer` or a byte
   * stream over its memory before Node 24.15; the same over the external memory of another addon on any release; growing WebAssembly
   * memory. Arrays from `cpu.allocate` and shared memory are safe.
   *
   * @throws never: the promise is rejected with what `step` throws
   */
  stepAsync(options?: StepOptions): Promise<StepReport> {
    const { steps, groups } = this.#groups;
    return this.#guard.exclusivelyAsync("stepAsync", () => steps.stepAsync(groups, readStepOptions(options, "stepAsync")));
  }

  /**
   * Waits until the devices are done with every step so far. Without parameters on a device there is nothing to wait for.
   *
   * @throws ERR_CUDA_LOST where one of them failed since
   */
  synchronize(): void {
    this.#guard.freely(() => this.#groups.steps.synchronize());
  }

  /**
   * Fills every gradient with zeros, or with `set_to_none` sets them to null, which makes the next step skip them.
   *
   * @param options `set_to_none`: default false; `stream`: in whose order those on a device are filled, default 0n
   * @throws with a `code`, and nothing changed; but where a device refuses or fails (ERR_CUDA, ERR_CUDA_LOST), some may be zero already
   */
  zeroGrad(options: ZeroGradOptions = {}): void {
    this.#guard.freely(() => zeroGradients(this.#groups.steps.parameters, options));
  }

  /** Adds a group, as while training a model that grows. Options that it lacks are the defaults. */
  addParamGroup(group: GroupOf<Partial<O>>): void {
    this.#guard.exclusively("addParamGroup", () => this.#groups.add(group));
  }

  /** Forgets all state: the next step is the first. */
  reset(): void {
    this.#guard.exclusively("reset", () => this.#groups.reset());
  }

  /**
   * A deep copy of options and state in PyTorch's layout, on the host: what lies on a device is waited for and copied.
   *
   * @param options `pytorch`: adds what the published Python classes need to load it (`rho_inf`, `rho_t`, `buffer`). Default false
   * @throws ERR_STATE_DICT: with `pytorch`, a common option that the published class would not obey; an `extra` that JSON cannot hold
   */
  stateDict(options: { pytorch?: boolean } = {}): StateDict {
    return this.#guard.freely(() => {
      requireObject(options, "The options of stateDict");
      refuseUnknownKeys(options, ["pytorch"], "stateDict");
      const pytorch = flag(options.pytorch ?? false, "pytorch");
      const { rule, steps, groups } = this.#groups;
      if (pytorch) requirePublished(rule, groups);
      steps.synchronize();
      return writeStateDict(rule, groups, pytorch);
    });
  }

  /**
   * Takes over the options and a copy of the state of a dict written by `stateDict` or by the published Python classes. Each parameter's
   * state goes where the parameter lies, wherever it was before.
   *
   * @throws ERR_STATE_DICT where it belongs to another optimizer, version or shape, or a moment is missing; nothing is changed then
   */
  loadStateDict(saved: StateDict): void {
    const { rule, groups } = this.#groups;
    this.#guard.exclusively("loadStateDict", () => this.#groups.take(readStateDict(rule, groups, saved)));
  }

  /**
   * Writes options and state to a file, in safetensors format with PyTorch's names (docs/checkpoints.md).
   *
   * What is written is copied before this returns, so that training may go on at once; without `await` too. Whatever happens, a
   * crash included, the path then has the old file or the new one, whole. Saves to one path are made in the order of the calls.
   *
   * @param path where to; an existing file is replaced
   * @param options `parameters`: keep the parameters' values (their `data`) too, default false; `extra`: anything of your own that
   *   JSON can hold
   * @throws never: the promise is rejected with ERR_CHECKPOINT where `extra` holds what JSON would lose (NaN, functions, BigInt,
   *   instances of classes, cycles; infinities and -0 are kept) or the path is no regular file; with what `stateDict` throws; or with the
   *   file system's own error
   */
  async saveState(path: string | URL, options: SaveStateOptions = {}): Promise<void> {
    await this.#guard.freely(() => {
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
  encodeState(options: SaveStateOptions = {}): Uint8Array<ArrayBuffer> {
    return this.#guard.freely(() => {
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
   * @param options `parameters`: write the saved values into the parameters' own `data`, default false
   * @returns `extra` as it was given to `saveState`, or undefined
   * @throws never: the promise is rejected with ERR_CHECKPOINT where the file is damaged, no checkpoint, or one of another optimizer,
   *   version or shape; ERR_DETACHED, ERR_LEASED and the like where a parameter's `data` cannot be written; or with the file
   *   system's own error. Nothing is changed then
   */
  loadState<Extra = unknown>(from: string | URL | Uint8Array | Blob, options: LoadStateOptions = {}): Promise<{ extra: Extra }> {
    return this.#guard.exclusivelyAsync("loadState", async () => {
      const { rule, steps, groups } = this.#groups;
      const checkpoint = await readCheckpoint(from, rule, groups, options);
      // Nothing is awaited between the last checks and the last write.
      steps.synchronize();
      const { loaded, writeValues } = checkpoint.check();
      writeValues();
      this.#groups.take(loaded);
      return { extra: checkpoint.extra as Extra };
    });
  }

  /** Lets go of parameters and state, and gives back the state's memory on devices. Every later call but this one is an error. */
  dispose(): void {
    if (this.#guard.dispose()) this.#groups.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Puts Lookahead around an optimizer: see the class of that name. */
  protected static surround<O extends object>(optimizer: Optimizer<O>, options: object): Optimizer<O> {
    if (typeof optimizer !== "object" || optimizer === null || !(#groups in optimizer)) {
      throw typeError("ERR_INVALID_OPTION", `Lookahead surrounds an optimizer, not ${describe(optimizer)}`);
    }
    optimizer.#guard.freely(() => optimizer.#groups.lookAhead(options));
    return optimizer;
  }
}
