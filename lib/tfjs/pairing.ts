// What is known where variables claim state, and what becomes of it.
import type { Variable } from "@tensorflow/tfjs-core";
import type { Living } from "./names";
import type { Slot } from "./slot";

export type Pairs = readonly (readonly [Variable, Slot])[];

/** What is known where variables claim state. */
export interface Claim {
  /** Those that have no state, in the order of the step. */
  readonly variables: readonly Variable[];
  /** State that was loaded, and that none has claimed. */
  readonly slots: readonly Slot[];
  readonly living: Living;
  /**
   * Whether a living variable may be a frozen one of the model in training: no optimizer has updated it. The variables say nothing of
   * that themselves: `compile` of a sequential model calls all of them trainable.
   */
  readonly mayBeFrozen: (variable: Variable) => boolean;
  /** Whether other variables have claimed state of the same load. */
  readonly begun: boolean;
}
