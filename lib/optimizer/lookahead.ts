import type { LookaheadOptions } from "../options/common";
import type { State } from "../state-dict";
import { Optimizer } from "./optimizer";

/** The state of a parameter under Lookahead: the optimizer's own, and the slow weights. */
export type LookaheadState<S extends State> = S & { readonly slow_buffer: Float32Array };

/**
 * Lookahead around any optimizer: every k steps the slow weights move part of the way to the parameter, which is then set to them.
 *
 *     slow ← p                             before the first step
 *     slow ← slow + alpha·(p − slow),  p ← slow      after every k-th
 *
 * in the same pass over memory as the step. It sets the option `lookahead` of all groups, and of those that are added later. The
 * optimizer and this one are two views of the same groups, options and state.
 *
 * Zhang, Lucas, Hinton, Ba: Lookahead Optimizer: k steps forward, 1 step back, NeurIPS 2019.
 *
 * @example
 * const optimizer = new Lookahead(new Adam([weight]), { k: 5, alpha: 0.5 });
 */
export class Lookahead<O extends object, S extends State = State> extends Optimizer<O, LookaheadState<S>> {
  readonly optimizer: Optimizer<O, S>;

  /**
   * @param optimizer one that has no Lookahead yet. RangerAdaBelief has it
   * @param options `k`: every how many steps, a whole number from 1 on, default 6; `alpha`: which part of the way, in [0, 1], default 0.5
   * @throws ERR_INVALID_OPTION, ERR_UNKNOWN_OPTION
   */
  constructor(optimizer: Optimizer<O, S>, options: Partial<LookaheadOptions> = {}) {
    super(Optimizer.surround(optimizer, options));
    this.optimizer = optimizer;
  }
}
