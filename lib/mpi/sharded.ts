import { refuseMore } from "../options/kinds";
import { describe, typeError } from "../errors";
import type { CheckpointSource, LoadStateOptions } from "../checkpoint/load";
import type { SaveStateOptions } from "../checkpoint/save";
import type { ParamGroup } from "../groups/group";
import type { Optimizer, ZeroGradOptions } from "../optimizer";
import { Guard, type Internals } from "../optimizer/internals";
import { zeroGradients } from "../optimizer/zero-grad";
import type { Parameter } from "../parameter";
import { titleOf } from "../rule/rule";
import type { LoadReport, StateDict } from "../state-dict";
import { type StepOptions, type StepReport } from "../step/step-options";
import { Shard } from "./shard";
import { ShardedLoad } from "./sharded-load";
import { readBucket, requireOptimizer } from "./sharded-arguments";
import { swapShardedAverages } from "./sharded-averages";
import { saveSharded } from "./sharded-save";
import { ShardedState } from "./sharded-state";
import { ShardedSteps } from "./sharded-steps";
import { transportOf, type Transport, type World } from "./world";

export interface ShardedOptions {
  /** About how many elements are exchanged at once, from 1 on. Default 2 ** 20. */
  bucket?: number;
}

/**
 * An optimizer over the ranks of a world: data-parallel training whose state is shared out (ZeRO-1). Every rank has all parameters, and the
 * gradients of its own batch; a step takes the mean of the gradients over the ranks.
 *
 *     g ← f(gradScale / R) · the sum in pairs, by rank: ((g₀ + g₁) + (g₂ + g₃)) + …
 *
 * Each rank sums, steps and keeps the state of its own part of the parameters, then all get the new values. The bits are those of one
 * process that adds up the gradients in that order (`accumulate` with `order: "pairs"`).
 *
 * The optimizer is taken over: its groups stay live, all its methods throw ERR_OPTIMIZER. State that it has is shared out; every rank must
 * have the same. Every method that returns a promise must be called by all ranks, in one order.
 *
 * @example
 * const world = await mpi.world();
 * const optimizer = new Sharded(new AdaBelief([weight, bias], { lr: 1e-3 }), world);
 */
export class Sharded<O extends object = { lr: number }> {
  readonly #inner: Internals;
  readonly #transport: Transport;
  readonly #guard: Guard;
  readonly #shard: Shard;
  readonly #steps: ShardedSteps;
  readonly #state: ShardedState;
  /** Whether anything has happened. Until then rank 0 keeps the state that the optimizer had, for `broadcast`. */
  #begun = false;
  readonly #indexOf = new Map<object, number>();

  /**
   * @param optimizer any optimizer of the package, over parameters on the host
   * @param world what `mpi.world()` resolved to
   * @throws ERR_OPTIMIZER where it is none, or was taken over before; ERR_INVALID_OPTION, ERR_INVALID_PARAMETER, ERR_LENGTH
   */
  constructor(optimizer: Optimizer<O>, world: World, options: ShardedOptions = {}) {
    const bucket = readBucket(options);
    const transport = (this.#transport = transportOf(world));
    transport.requireOpen();
    this.#inner = requireOptimizer(optimizer);
    const { groups, guard } = this.#inner;
    this.#guard = new Guard(`Sharded ${titleOf(groups.rule)}`);
    this.#shard = guard.freely(() => new Shard(groups, transport.rank, transport.size, bucket));
    guard.takeOver("Sharded");
    this.#steps = new ShardedSteps(transport, this.#shard, bucket);
    this.#state = new ShardedState(transport, this.#shard, this.#steps);
    if (transport.rank > 0) groups.reset();
    for (const { parameter, index } of this.#shard.tensors) this.#indexOf.set(parameter, index);
  }

  /** The groups of the optimizer, with live options. Every rank must set the same. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.#inner.groups.live as readonly ParamGroup<O>[];
  }

  /**
   * Updates every parameter that has a gradient, by the mean of the gradients over the ranks. Gradients and parameters must not be touched
   * until the promise is settled.
   *
   * @param options as of an optimizer's `step`: `gradScale`; `skipNonFinite`, where one rank's NaN skips the step on all;
   *   `maxGradNorm`, for the norm of the mean
   * @throws never: the promise is rejected, with nothing changed on any rank, with what `step` throws on this rank; ERR_MPI_PEER where that
   *   happened on another one; ERR_MPI_DISAGREE where options, lengths or which parameters have a gradient differ. With ERR_MPI_LOST the
   *   ranks may have different parameters, and every later call is that error; after ERR_MPI_TIMEOUT nothing can be exchanged
   */
  step(options?: StepOptions): Promise<StepReport>;
  step(options?: StepOptions, ...rest: readonly unknown[]): Promise<StepReport> {
    return this.#together("step", () => this.#steps.step(options, rest));
  }

  /** The same as `step`, for what takes an optimizer with both: GradScaler. */
  stepAsync(options?: StepOptions): Promise<StepReport>;
  stepAsync(...given: readonly []): Promise<StepReport> {
    return this.step(...given);
  }

  /** Runs what all ranks do. */
  #together<T>(what: string, act: () => Promise<T>): Promise<T> {
    return this.#guard.exclusivelyAsync(what, () => {
      if (!this.#begun) this.#inner.groups.reset();
      this.#begun = true;
      return act();
    });
  }

  /**
   * Gives all ranks the parameters of rank 0, and before anything else has happened its state too: ranks need not begin alike.
   *
   * @throws never: the promise is rejected as that of `step`
   */
  broadcast(): Promise<void>;
  broadcast(...rest: readonly unknown[]): Promise<void> {
    return this.#guard.exclusivelyAsync("broadcast", async () => {
      const whole = this.#shard.tensors.map(({ steps, states, slow, ema }) => {
        return { steps, arrays: [...states], buffers: { slow, ema } };
      });
      await this.#state.broadcast(this.#begun ? null : whole, () => {
        refuseMore(rest, "broadcast", "no argument");
      });
      if (!this.#begun) this.#inner.groups.reset();
      this.#begun = true;
    });
  }

  /**
   * The state of all ranks: the dict that one process would have, on rank 0; null on the others.
   *
   * @throws never: the promise is rejected as that of `step`
   */
  stateDict(): Promise<StateDict | null>;
  stateDict(...rest: readonly unknown[]): Promise<StateDict | null> {
    const check = () => {
      refuseMore(rest, "stateDict of a Sharded", "no argument");
    };
    return this.#together("stateDict", () => this.#state.stateDict(check));
  }

  /**
   * Writes the file that one process would write, from rank 0, which gets the state of the others a piece at a time. It can be loaded by
   * any number of ranks, by one process, and by PyTorch. Parameters must not be changed until the promise is settled.
   *
   * @param path where to; rank 0's counts, as its options do
   * @param options as of an optimizer's `saveState`
   * @throws never: the promise is rejected on rank 0 with what `saveState` of an optimizer rejects with, on the others with ERR_MPI_PEER
   */
  saveState(path: string | URL, options?: SaveStateOptions): Promise<void>;
  saveState(path: string | URL, options: SaveStateOptions = {}, ...rest: readonly unknown[]): Promise<void> {
    const check = () => {
      refuseMore(rest, "saveState");
    };
    return this.#together("saveState", () => saveSharded(this.#transport, this.#shard, this.#steps, path, options, check));
  }

  /**
   * Takes over options and state from a file of one process or of any number of ranks. Rank 0 reads and checks it; the others need no file.
   *
   * @param from the file, or its bytes; rank 0's counts, as its options do
   * @param options as of an optimizer's `loadState`; an `average` must be given on every rank, or on none
   * @returns on every rank what `loadState` of an optimizer returns
   * @throws never: the promise is rejected on rank 0 with what `loadState` of an optimizer rejects with, on the others with ERR_MPI_PEER,
   *   and nothing is changed
   */
  loadState<Extra = unknown>(from: CheckpointSource, options?: LoadStateOptions & { strict?: true }): Promise<{ extra: Extra }>;
  loadState<Extra = unknown>(from: CheckpointSource, options: LoadStateOptions): Promise<{ extra: Extra } & Partial<LoadReport>>;
  loadState<Extra = unknown>(
    from: CheckpointSource,
    options: LoadStateOptions = {},
    ...rest: readonly unknown[]
  ): Promise<{ extra: Extra }> {
    const check = () => {
      refuseMore(rest, "loadState");
    };
    return this.#together("loadState", () => {
      const load = new ShardedLoad(this.#transport, this.#shard, this.#steps, options, check);
      return load.run(from) as Promise<{ extra: Extra }>;
    });
  }

  /**
   * Says that a parameter's gradient is complete, so that it may be exchanged while others are still computed. Optional: `step` exchanges
   * the other gradients. Do not change the gradient until `step` is done. Ranks may call it in any order.
   *
   * @throws ERR_INVALID_PARAMETER if the optimizer has no such parameter; ERR_BUSY if it was called for it before in this step; for an
   *   invalid gradient, the error that `step` throws
   */
  ready(parameter: Parameter): void {
    this.#guard.freely(() => {
      this.#guard.requireUnswapped();
      const index = this.#indexOf.get(parameter);
      if (index === undefined) {
        throw typeError("ERR_INVALID_PARAMETER", `${describe(parameter)} is no parameter of this optimizer`);
      }
      this.#steps.ready(index);
    });
  }

  /**
   * Exchanges the parameters' values and their moving averages on all ranks, as `swapEma` of an optimizer does: to test with the averages,
   * and back. In between `step`, `ready`, `broadcast` and all that saves or loads are refused with ERR_AVERAGE.
   *
   * @returns whether the parameters hold the averages now
   * @throws never: the promise is rejected with ERR_AVERAGE before the first average, or as that of `step`
   */
  swapEma(): Promise<boolean>;
  swapEma(...rest: readonly unknown[]): Promise<boolean> {
    const check = () => {
      refuseMore(rest, "swapEma of a Sharded", "no argument");
    };
    return this.#guard.swapAsync(() => swapShardedAverages(this.#transport, this.#shard, this.#steps, check));
  }

  /** Fills every gradient of this rank with zeros, or with `set_to_none` sets them to null. Other ranks need not call it. */
  zeroGrad(options: ZeroGradOptions = {}): void {
    this.#guard.freely(() => {
      this.#steps.requireIdle();
      zeroGradients(this.#shard.tensors, options);
    });
  }

  /** Lets go of this rank's state. Every later call but this one is an error. */
  dispose(): void {
    if (this.#guard.dispose()) this.#shard.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
