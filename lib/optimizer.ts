/// <reference lib="esnext.disposable" preserve="true" />
import { readCheckpoint, type LoadStateOptions } from "./checkpoint/load";
import { encodeCheckpoint, saveCheckpoint, type SaveStateOptions } from "./checkpoint/save";
import { requireStream, type StreamOptions } from "./cuda/driver";
import { plainError, rangeError, typeError } from "./errors";
import { fillWithZeros, requireUnleased, type Floats } from "./floats";
import { Group, type GroupOf, type ParamGroup, type Params } from "./group";
import { Member, slowName } from "./member";
import { role } from "./native";
import { flag, refuseUnknownKeys, requireObject } from "./options";
import type { Parameter } from "./parameter";
import { readGroup, readParams, type ReadGroup } from "./read-groups";
import { noteRule, publicDefaults, readSchema, titleOf, type LookaheadOptions, type Rule } from "./rule";
import { readStepOptions, type ReadStepOptions, type StepOptions, type StepReport } from "./step-options";
import { readStateDict, writeStateDict, type Loaded, type State, type StateDict, type StateOf } from "./state-dict";
import { Tensors } from "./tensors";

export interface ZeroGradOptions extends StreamOptions {
  /** Sets the gradients to null, which makes the next step skip their parameters. Default false. */
  set_to_none?: boolean;
}

/** Puts Lookahead around an optimizer: from now on its steps do what `options` say. */
export let attachLookahead: (optimizer: Optimizer<object>, options: LookaheadOptions) => void;

/** Who owns groups and state. Every optimizer is one of these with a rule of its own. */
export abstract class Optimizer<O extends object, S extends State = State> {
  /**
   * The state of a parameter: `step` and live arrays under PyTorch's names, where the parameter itself lies; undefined before its first
   * update. Those on a device are the optimizer's: it disposes of them when it is disposed of, reset, or takes over another state.
   */
  readonly state: StateOf<S> = Object.freeze({
    get: (parameter: Parameter<Floats>) => this.#stateOf(parameter) as never,
  });

  readonly #rule: Rule<O>;
  readonly #tensors: Tensors<O>;
  readonly #memberOf = new Map<Parameter<Floats>, Member>();
  readonly #defaults: Readonly<O>;
  #groups: readonly Group<O>[] = [];
  #live: readonly ParamGroup<O>[] = Object.freeze([]);
  #lookahead: LookaheadOptions | null = null;
  #busy: string | null = null;
  #disposed = false;
  #lost: unknown;

  static {
    attachLookahead = (optimizer, options) => optimizer.#attach(options);
  }

  protected constructor(rule: Rule<O>, params: Params<Partial<O>>, options: object) {
    requireObject(options, `The options of ${rule.optimizer}`);
    refuseUnknownKeys(options, Object.keys(rule.options), titleOf(rule));
    this.#rule = rule;
    noteRule(this, rule);
    this.#defaults = Object.freeze(readSchema(rule.options, options, rule.defaults as O));
    this.#tensors = new Tensors(rule);
    const groups = readParams(rule, params, this.#defaults as O);
    if (groups.length === 0 || groups.every((group) => group.params.length === 0)) {
      throw rangeError("ERR_EMPTY_PARAMETERS", "optimizer got an empty parameter list");
    }
    this.#join(groups);
  }

  /** The groups, each with its parameters and live options. The array itself and each `params` are frozen: see `addParamGroup`. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.#live;
  }

  /** The options of groups that set none of their own. Options that all optimizers have are there if they differ from their default. */
  get defaults(): Readonly<O> {
    return publicDefaults(this.#defaults);
  }

  /**
   * Updates every parameter that has a gradient.
   *
   * Those on a device are launched in the order of a stream, and not waited for, unless what was found in the gradients must be
   * reported: see `synchronize` and `stepAsync`.
   *
   * @param options what happens to the gradients first: `gradScale`, `skipNonFinite`, `maxGradNorm`; `stream`: the driver's handle of
   *   a stream of the parameters' device, default 0n, the legacy default stream
   *
   * Everything is checked before the first element is written: where `step` throws, parameters, state and groups are as they were. Only
   * a device that fails in the middle cannot be undone (ERR_CUDA_LOST): then every later call but `dispose` is that error.
   *
   * @throws with a `code`: memory that changed its length, type or place; overlap; an option that cannot be; ERR_BUSY from within a step
   */
  step(options?: StepOptions): StepReport;
  /** Calls `closure`, which computes the gradients, then updates. Returns what the closure did, the loss as a rule. */
  step<T extends number | void>(closure: () => T): T;
  step<T extends number | void>(argument?: StepOptions | (() => T)): StepReport | T {
    this.#enter("step");
    try {
      if (typeof argument !== "function") return this.#update(readStepOptions(argument, "step"));
      this.#busy = "a closure";
      const result = argument();
      if (typeof result === "object" && result !== null && "then" in result) {
        throw typeError("ERR_CLOSURE", "A closure must compute the gradients before it returns; this one returned a promise");
      }
      this.#requireUsable();
      this.#busy = "step";
      this.#update({});
      return result;
    } catch (error) {
      // What a closure throws need not be about the devices of this optimizer.
      throw this.#busy === "a closure" ? error : this.#noticed(error);
    } finally {
      this.#busy = null;
    }
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
  async stepAsync(options?: StepOptions): Promise<StepReport> {
    this.#enter("stepAsync");
    try {
      return await this.#tensors.stepAsync(this.#groups, readStepOptions(options, "stepAsync"));
    } catch (error) {
      throw this.#noticed(error);
    } finally {
      this.#busy = null;
    }
  }

  /**
   * Waits until the devices are done with every step so far. Without parameters on a device there is nothing to wait for.
   *
   * @throws ERR_CUDA_LOST where one of them failed since
   */
  synchronize(): void {
    this.#freely(() => this.#tensors.synchronize());
  }

  /**
   * Fills every gradient with zeros, or with `set_to_none` sets them to null, which makes the next step skip them.
   *
   * @param options `set_to_none`: default false; `stream`: in whose order those on a device are filled, default 0n
   * @throws with a `code`, and nothing changed; but where a device refuses or fails (ERR_CUDA, ERR_CUDA_LOST), some may be zero already
   */
  zeroGrad(options: ZeroGradOptions = {}): void {
    this.#freely(() => {
      requireObject(options, "The options of zeroGrad");
      refuseUnknownKeys(options, ["set_to_none", "stream"], "zeroGrad");
      const { set_to_none = false, stream = 0n } = options as ZeroGradOptions;
      requireStream(stream);
      const { members } = this.#tensors;
      if (flag(set_to_none, "set_to_none")) {
        for (const { parameter } of members) parameter.grad = null;
        return;
      }
      const gradients = members.flatMap((member) => {
        const grad = member.parameter.grad ?? null;
        if (grad !== null) member.requireFloats(grad, role.grad);
        return grad === null ? [] : [grad];
      });
      for (const grad of gradients) requireUnleased(grad, "A gradient");
      for (const grad of gradients) fillWithZeros(grad, stream);
    });
  }

  /** Adds a group, as while training a model that grows. Options that it lacks are the defaults. */
  addParamGroup(group: GroupOf<Partial<O>>): void {
    this.#exclusively("addParamGroup", () => this.#join([readGroup(this.#rule, group, this.#defaults as O)]));
  }

  /** Forgets all state: the next step is the first. */
  reset(): void {
    this.#exclusively("reset", () => this.#tensors.members.forEach((member) => member.setState(0)));
  }

  /**
   * A deep copy of options and state in PyTorch's layout, on the host: what lies on a device is waited for and copied.
   *
   * @param options `pytorch`: adds what the published Python classes need to load it (`rho_inf`, `rho_t`, `buffer`). Default false
   */
  stateDict(options: { pytorch?: boolean } = {}): StateDict {
    return this.#freely(() => {
      requireObject(options, "The options of stateDict");
      refuseUnknownKeys(options, ["pytorch"], "stateDict");
      const pytorch = flag(options.pytorch ?? false, "pytorch");
      this.#tensors.synchronize();
      return writeStateDict(this.#rule, this.#groups, pytorch, this.#lookahead);
    });
  }

  /**
   * Takes over the options and a copy of the state of a dict written by `stateDict` or by the published Python classes. Each parameter's
   * state goes where the parameter lies, wherever it was before.
   *
   * @throws ERR_STATE_DICT where it belongs to another optimizer, version or shape, or a moment is missing; nothing is changed then
   */
  loadStateDict(saved: StateDict): void {
    this.#exclusively("loadStateDict", () => this.#take(readStateDict(this.#rule, this.#groups, saved, this.#lookahead)));
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
    await this.#freely(() => {
      this.#tensors.synchronize();
      return saveCheckpoint(path, this.#rule, this.#groups, this.#lookahead, options);
    });
  }

  /**
   * The bytes that `saveState` writes, for where there are no files: `new Blob([bytes])` in a browser.
   *
   * @param options as of `saveState`
   * @throws what `saveState` rejects with
   */
  encodeState(options: SaveStateOptions = {}): Uint8Array<ArrayBuffer> {
    return this.#freely(() => {
      this.#tensors.synchronize();
      return encodeCheckpoint(this.#rule, this.#groups, this.#lookahead, options);
    });
  }

  /**
   * Takes over options and state from a file written by `saveState`, or from Python in its layout. Parameters are matched by name
   * where both sides have names, else by number.
   *
   * All of the file is checked before the first value is changed. Until the promise is settled every other method of this optimizer
   * is an error (ERR_BUSY).
   *
   * @param from the file's path, or its bytes: a Uint8Array or a Blob
   * @param options `parameters`: write the saved values into the parameters' own `data`, default false
   * @returns `extra` as it was given to `saveState`, or undefined
   * @throws never: the promise is rejected with ERR_CHECKPOINT where the file is damaged, no checkpoint, or one of another optimizer,
   *   version or shape; ERR_DETACHED, ERR_LEASED and the like where a parameter's `data` cannot be written; or with the file
   *   system's own error. Nothing is changed then
   */
  async loadState<Extra = unknown>(
    from: string | URL | Uint8Array | Blob,
    options: LoadStateOptions = {},
  ): Promise<{ extra: Extra }> {
    this.#enter("loadState");
    try {
      const checkpoint = await readCheckpoint(from, this.#rule, this.#groups, this.#lookahead, options);
      // Nothing is awaited between the last checks and the last write.
      this.#tensors.synchronize();
      const { loaded, writeValues } = checkpoint.check();
      writeValues();
      this.#take(loaded);
      return { extra: checkpoint.extra as Extra };
    } catch (error) {
      throw this.#noticed(error);
    } finally {
      this.#busy = null;
    }
  }

  /** Lets go of parameters and state, and gives back the state's memory on devices. Every later call but this one is an error. */
  dispose(): void {
    if (this.#disposed) return;
    this.#requireIdle();
    this.#disposed = true;
    this.#groups = [];
    this.#live = Object.freeze([]);
    this.#memberOf.clear();
    this.#tensors.leave();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #attach(options: LookaheadOptions): void {
    this.#freely(() => {
      if (this.#rule.lookahead !== undefined || this.#lookahead !== null) {
        throw typeError("ERR_INVALID_OPTION", `${this.#rule.optimizer} has Lookahead already`);
      }
      this.#lookAhead(options);
    });
  }

  #lookAhead(options: LookaheadOptions): void {
    this.#lookahead = options;
    for (const group of this.#groups) group.attached = options;
  }

  #stateOf(parameter: Parameter<Floats>): object | undefined {
    const member = this.#memberOf.get(parameter);
    if (member === undefined || (member.states.length === 0 && member.slow === null)) return undefined;
    const arrays = member.states.map((array, k) => [this.#rule.states[k], array] as const);
    const slow = member.slow === null ? {} : { [slowName]: member.slow };
    return Object.freeze({ step: member.steps, ...(Object.fromEntries(arrays) as object), ...slow });
  }

  #update(options: ReadStepOptions): StepReport {
    return this.#tensors.step(this.#groups, options);
  }

  #take({ groups, states, lookahead }: Loaded<O>): void {
    if (lookahead !== null) this.#lookAhead(lookahead);
    for (const { group, options, initial_lr } of groups) group.load(options, initial_lr);
    for (const { member, steps, arrays, slow } of states) member.setState(steps, arrays, slow);
  }

  #join(given: readonly ReadGroup<O>[]): void {
    let index = this.#tensors.members.length;
    const added = new Map<Parameter<Floats>, Member>();
    const groups = given.map(({ params, options, extra }) => {
      const members = params.map((item) => {
        const parameter = item as Parameter<Floats>;
        if (this.#memberOf.has(parameter) || added.has(parameter)) {
          const advice = "tied weights are one parameter, to be given once, whose gradient is the sum of both uses";
          throw plainError("ERR_DUPLICATE_PARAMETER", `Parameter ${index} appears more than once: ${advice}`);
        }
        const member = new Member(parameter, index++, this.#rule.states);
        added.set(parameter, member);
        return member;
      });
      return new Group(this.#rule, members, options, extra, this.#lookahead);
    });
    this.#tensors.join([...added.values()]);
    for (const [parameter, member] of added) this.#memberOf.set(parameter, member);
    this.#groups = [...this.#groups, ...groups];
    this.#live = Object.freeze(this.#groups.map((group) => group.live));
  }

  #requireUsable(): void {
    const { optimizer } = this.#rule;
    if (this.#disposed) throw plainError("ERR_DISPOSED", `This ${optimizer} was disposed`);
    if (this.#lost === undefined) return;
    const what = `This ${optimizer} is lost, because a device failed: ${(this.#lost as Error).message}`;
    throw plainError(
      "ERR_CUDA_LOST",
      `${what}. Dispose of it, and go on from a checkpoint, in a new process or on the host`,
      this.#lost,
    );
  }

  /** Refuses a call from within a step; a closure may still call it. */
  #requireIdle(): void {
    if (this.#busy !== null && this.#busy !== "a closure") {
      throw plainError("ERR_BUSY", `This ${this.#rule.optimizer} is in the middle of ${this.#busy}`);
    }
  }

  /** Does something that only waits for its turn. */
  #freely<T>(act: () => T): T {
    this.#requireUsable();
    this.#requireIdle();
    try {
      return act();
    } catch (error) {
      throw this.#noticed(error);
    }
  }

  #enter(what: string): void {
    this.#requireUsable();
    if (this.#busy !== null) throw plainError("ERR_BUSY", `This ${this.#rule.optimizer} is in the middle of ${this.#busy}`);
    this.#busy = what;
  }

  #exclusively(what: string, act: () => void): void {
    this.#enter(what);
    try {
      act();
    } catch (error) {
      throw this.#noticed(error);
    } finally {
      this.#busy = null;
    }
  }

  /** An error on its way out: after that of a lost device this optimizer is lost. */
  #noticed(error: unknown): unknown {
    if ((error as { code?: unknown } | null | undefined)?.code === "ERR_CUDA_LOST") this.#lost = error;
    return error;
  }
}
