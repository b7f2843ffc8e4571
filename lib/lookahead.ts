import type { LoadStateOptions } from "./checkpoint/load";
import type { SaveStateOptions } from "./checkpoint/save";
import { describe, typeError } from "./errors";
import type { GroupOf, ParamGroup } from "./group";
import { readLookahead } from "./lookahead-options";
import { attachLookahead, Optimizer, type ZeroGradOptions } from "./optimizer";
import type { LookaheadOptions } from "./rule";
import type { State, StateDict, StateOf } from "./state-dict";
import type { StepOptions, StepReport } from "./step-options";

/** The state of a parameter under Lookahead: the optimizer's own, and the slow weights. */
export type LookaheadState<S extends State> = S & { readonly slow_buffer: Float32Array };

/**
 * Lookahead around any optimizer: every k steps of a parameter its slow weights go a part of the way, and it goes on from there.
 *
 *     slow ← p                             before the first step
 *     slow ← slow + alpha·(p − slow),  p ← slow      after every k-th
 *
 * in the same pass over memory as the step. It takes the optimizer over: its groups, options and state stay where they are, and its
 * steps, called here or there, are Lookahead's. The slow weights (`slow_buffer`), k and alpha are in the state dict.
 *
 * Zhang, Lucas, Hinton, Ba: Lookahead Optimizer: k steps forward, 1 step back, NeurIPS 2019.
 *
 * @example
 * const optimizer = new Lookahead(new Adam([weight]), { k: 5, alpha: 0.5 });
 */
export class Lookahead<O extends object, S extends State = State> {
  readonly optimizer: Optimizer<O, S>;

  /**
   * @param optimizer whom it surrounds: one that has no Lookahead yet, so no RangerAdaBelief either
   * @param options `k`: every how many steps, a whole number from 1 on, default 6; `alpha`: which part of the way, in [0, 1], default 0.5
   * @throws ERR_INVALID_OPTION, ERR_UNKNOWN_OPTION
   */
  constructor(optimizer: Optimizer<O, S>, options: Partial<LookaheadOptions> = {}) {
    if (!(optimizer instanceof Optimizer)) {
      throw typeError("ERR_INVALID_OPTION", `Lookahead surrounds an optimizer, not ${describe(optimizer)}`);
    }
    attachLookahead(optimizer as unknown as Optimizer<object>, readLookahead(options));
    this.optimizer = optimizer;
  }

  /** The optimizer's groups. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.optimizer.paramGroups;
  }

  get defaults(): Readonly<O> {
    return this.optimizer.defaults;
  }

  /** The state of a parameter, its slow weights with it. */
  get state(): StateOf<LookaheadState<S>> {
    return this.optimizer.state as unknown as StateOf<LookaheadState<S>>;
  }

  /** As `Optimizer.step`, and every k-th time the blend. */
  step(options?: StepOptions): StepReport;
  step<T extends number | void>(closure: () => T): T;
  step<T extends number | void>(argument?: StepOptions | (() => T)): StepReport | T {
    return this.optimizer.step(argument as () => T);
  }

  stepAsync(options?: StepOptions): Promise<StepReport> {
    return this.optimizer.stepAsync(options);
  }

  /** As `Optimizer.synchronize`. */
  synchronize(): void {
    this.optimizer.synchronize();
  }

  zeroGrad(options?: ZeroGradOptions): void {
    this.optimizer.zeroGrad(options);
  }

  addParamGroup(group: GroupOf<Partial<O>>): void {
    this.optimizer.addParamGroup(group);
  }

  /** Forgets all state, the slow weights with it. */
  reset(): void {
    this.optimizer.reset();
  }

  /** The optimizer's state dict, with `slow_buffer` in every state and `lookahead: { k, alpha }`. */
  stateDict(options?: { pytorch?: boolean }): StateDict {
    return this.optimizer.stateDict(options);
  }

  /** Takes over a dict of a Lookahead, k and alpha with it, or one of the optimizer alone: then the slow weights begin anew. */
  loadStateDict(saved: StateDict): void {
    this.optimizer.loadStateDict(saved);
  }

  /** As `Optimizer.saveState`, slow weights, k and alpha with it. */
  saveState(path: string | URL, options?: SaveStateOptions): Promise<void> {
    return this.optimizer.saveState(path, options);
  }

  /** As `Optimizer.loadState`. */
  loadState<Extra = unknown>(path: string | URL, options?: LoadStateOptions): Promise<{ extra: Extra }> {
    return this.optimizer.loadState<Extra>(path, options);
  }

  dispose(): void {
    this.optimizer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
