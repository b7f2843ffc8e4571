/// <reference lib="esnext.disposable" preserve="true" />
import { readStream, type StreamOptions } from "../cuda/driver";
import { refuseMore } from "../options/kinds";
import { describe, isObject, typeError } from "../errors";
import { meantAsOptimizer } from "../meant";
import type { Floats } from "../arrays/placement";
import type { GroupOf, ParamGroup, Params } from "../groups/group";
import type { StateDtype } from "../options/common";
import type { Parameter } from "../parameter";
import type { Rule } from "../rule/rule";
import type { State, StateOf } from "../state-dict";
import { readStepOptions, type StepOptions, type StepReport } from "../step/step-options";
import { Guard, noteInternals } from "./internals";
import { ParameterGroups } from "./parameter-groups";
import { defineInspect } from "./show";
import { exchangeAverages } from "./exchange-averages";
import { Stateful } from "./stateful";
import { noteView } from "./views";
import { zeroGradients, type ZeroGradOptions } from "./zero-grad";

/** The base class of all optimizers. It owns groups and state. Without type arguments it is the type of any optimizer. */
export abstract class Optimizer<O extends object = { lr: number }, S extends State = State> extends Stateful {
  /**
   * The state of a parameter: `step` and live arrays under PyTorch's names, where the parameter itself lies; undefined before its first
   * update. Those on a device are the optimizer's: it disposes of them when it is disposed of, reset, or takes over another state.
   */
  readonly state: StateOf<S> = Object.freeze({
    get: (parameter: Parameter<Floats, unknown>, dtype?: StateDtype) => {
      return this.#groups.stateOf(parameter as Parameter<Floats>, dtype) as never;
    },
  });

  static {
    defineInspect(this.prototype, (optimizer) => (#groups in optimizer ? (optimizer as Optimizer).#groups : undefined));
  }

  // Without the type of the options, so that an Adam is also an Optimizer of { lr }.
  readonly #groups: ParameterGroups<object>;
  readonly #guard: Guard;

  /** Makes an optimizer; or another view of one, with the same groups, options and state. */
  protected constructor(rule: Rule<O>, params: Params<Partial<O>>, options: object);
  protected constructor(optimizer: Optimizer<O>);
  protected constructor(source: Rule<O> | Optimizer<O>, params?: Params<Partial<O>>, options: object = {}) {
    const isView = #groups in source;
    const groups = isView ? source.#groups : new ParameterGroups(source, params as Params<Partial<O>>, options);
    const guard = isView ? source.#guard : new Guard(source.optimizer);
    super(groups as unknown as ParameterGroups<object>, guard);
    this.#groups = groups as unknown as ParameterGroups<object>;
    this.#guard = guard;
    noteInternals(this, this.#groups, guard);
    if (isView) noteView(this, source);
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
   * Updates every parameter that has a gradient. Work on a device is launched and not waited for, unless `skipNonFinite` must be
   * decided: see `synchronize` and `stepAsync`.
   *
   * Everything is checked before the first element is written: if `step` throws, parameters, state and groups are unchanged. Only a
   * device failure during the step cannot be undone; every later call except `dispose` then throws ERR_CUDA_LOST.
   *
   * @param options how the gradients are treated first: `gradScale`, `skipNonFinite`, `maxGradNorm`; `stream`: the driver's handle
   *   of a stream of the parameters' device, default 0n, the legacy default stream
   * @throws a coded error: memory of another length, type or place; overlapping memory; an invalid option; ERR_BUSY during a step
   */
  step(options?: StepOptions): StepReport;
  /** Calls `closure`, which computes the gradients, then updates. Returns what the closure did, the loss as a rule. */
  step<T extends number | void>(closure: () => T, options?: StepOptions): T;
  step<T extends number | void>(argument?: StepOptions | (() => T), options?: StepOptions, third?: unknown): StepReport | T {
    if (third !== undefined) refuseMore([third], "step");
    return typeof argument === "function" ? this.#stepAfter(argument, options) : this.#step(argument, options);
  }

  #step(options: StepOptions | undefined, second: StepOptions | undefined): StepReport {
    if (second !== undefined) throw typeError("ERR_INVALID_OPTION", "step takes a second argument only after a closure");
    this.#guard.enter("step");
    try {
      return this.#groups.steps.step(this.#groups.groups, readStepOptions(options, "step"));
    } catch (error) {
      throw this.#guard.noticed(error);
    } finally {
      this.#guard.leave();
    }
  }

  #stepAfter<T extends number | void>(closure: () => T, options: StepOptions | undefined): T {
    const read = readStepOptions(options, "step");
    return this.#guard.afterClosure(closure, (result) => {
      if (isObject(result) && "then" in result) {
        throw typeError("ERR_CLOSURE", "A closure must compute the gradients before it returns; this one returned a promise");
      }
      this.#groups.steps.step(this.#groups.groups, read);
    });
  }

  /**
   * Runs the step on other threads, with the same bits, and returns at once. One core is left to the calling thread. The promise
   * resolves after the devices are done too.
   *
   * All checks are made before it returns. Until the promise is settled, gradients must not be written, and parameters and state
   * neither read nor written; every method of this optimizer and every change of `cpu` is an error (ERR_BUSY), and a step over the same
   * memory by another optimizer too (ERR_LEASED). The buffers in use become untransferable, for good; resizable ones are refused
   * (ERR_RESIZABLE). Three things can crash the process or lose the step, so do not do them during a step: `ArrayBuffer.prototype.transfer` or a byte
   * stream over its memory before Node 24.15; the same over the external memory of another addon on any release; growing WebAssembly
   * memory. Arrays from `cpu.allocate` and shared memory are safe.
   *
   * @throws never: the promise is rejected with what `step` throws
   */
  stepAsync(options?: StepOptions): Promise<StepReport>;
  stepAsync(options?: StepOptions, ...rest: readonly unknown[]): Promise<StepReport> {
    const { steps, groups } = this.#groups;
    return this.#guard.exclusivelyAsync("stepAsync", () => {
      refuseMore(rest, "stepAsync");
      return steps.stepAsync(groups, readStepOptions(options, "stepAsync"));
    });
  }

  /**
   * Brings the options of the groups, as they are now, to the device: before the next replay of a graph that a step with `capturable` was
   * captured into. It waits for nothing but an earlier call's copy, and copies nothing where nothing has changed.
   *
   * @param options `stream`: the stream that the graph is launched in next; default: that of the captured step
   * @throws ERR_CUDA_CAPTURE where no step was captured, or the graph does not fit any more: other arrays, or an option that decides what is
   *   launched; ERR_CUDA_STREAM, ERR_CUDA, ERR_CUDA_LOST; a coded error for an invalid option
   */
  prepareReplay(options: StreamOptions = {}): void {
    this.#guard.exclusively("prepareReplay", () => {
      const stream = readStream(options, "prepareReplay");
      this.#groups.steps.prepareReplay(this.#groups.groups, options.stream === undefined ? undefined : stream);
    });
  }

  /** Waits until the devices are done with every step so far. Throws ERR_CUDA_LOST where one of them failed since. */
  synchronize(): void {
    this.#guard.freely(() => this.#groups.steps.synchronize());
  }

  /**
   * Fills every gradient with zeros, or with `set_to_none` sets them to null, which makes the next step skip them. A sparse gradient
   * is set to null in any case.
   *
   * @param options `set_to_none`: default false; `stream`: in whose order those on a device are filled, default 0n
   * @throws a coded error, and changes nothing. If a device fails (ERR_CUDA, ERR_CUDA_LOST), some gradients may already be zero
   */
  zeroGrad(options?: ZeroGradOptions): void;
  zeroGrad(options: ZeroGradOptions = {}, ...rest: readonly unknown[]): void {
    this.#guard.freely(() => {
      refuseMore(rest, "zeroGrad");
      zeroGradients(this.#groups.steps.parameters, options);
    });
  }

  /**
   * Exchanges the parameters' values (`data`) and their moving averages, which the option `ema` keeps: to test with the averages, and
   * back. A parameter without an average stays as it is. In between `step`, `reset`, `addParamGroup` and all that saves or loads throw
   * ERR_AVERAGE.
   *
   * @returns whether the parameters hold the averages now
   * @throws ERR_AVERAGE before the first average; ERR_DETACHED, ERR_LEASED, ERR_OVERLAP and the like where the `data` of a parameter cannot
   *   be written; nothing is changed then
   */
  swapEma(): boolean;
  swapEma(...rest: readonly unknown[]): boolean {
    const { steps } = this.#groups;
    return this.#guard.swap(() => {
      refuseMore(rest, "swapEma", "no argument");
      steps.synchronize();
      exchangeAverages(steps.parameters);
    });
  }

  /** Adds a group, as while training a model that grows. Options that it lacks are the defaults. */
  addParamGroup(group: GroupOf<Partial<O>>): void;
  addParamGroup(group: GroupOf<Partial<O>>, ...rest: readonly unknown[]): void {
    this.#guard.exclusively("addParamGroup", () => {
      refuseMore(rest, "addParamGroup", "one group with its options, { params, ...options }, and nothing after it");
      this.#groups.add(group);
    });
  }

  /** Forgets all state: the next step is the first. */
  reset(): void;
  reset(...rest: readonly unknown[]): void {
    this.#guard.exclusively("reset", () => {
      refuseMore(rest, "reset", "no argument");
      this.#groups.reset();
    });
  }

  /** Releases parameters and state, including device memory of the state. Every later call except `dispose` throws ERR_DISPOSED. */
  dispose(): void {
    if (this.#guard.dispose()) this.#groups.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Puts Lookahead around an optimizer: see the class of that name. */
  protected static surround<O extends object>(optimizer: Optimizer<O>, options: object): Optimizer<O> {
    if (!isObject(optimizer) || !(#groups in optimizer)) {
      throw typeError(
        "ERR_INVALID_OPTION",
        `Lookahead surrounds an optimizer, not ${describe(optimizer)}${meantAsOptimizer(optimizer)}`,
      );
    }
    optimizer.#guard.freely(() => optimizer.#groups.lookAhead(options));
    return optimizer;
  }
}
