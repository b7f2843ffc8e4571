import { addon, common, gradients, stage, type Table } from "./native";
import type { Centralize, CommonOptions, LookaheadOptions, Rule, Step } from "./rule";

const commonCount = addon.commonCoefficients.length;

const centralizing = (which: Centralize | undefined): number =>
  which === "all" ? stage.centralize : which === "conv" ? stage.centralizeConv : 0;

/** Which update of its parameters a set of coefficients is for. */
export interface Update {
  /** Its number, from 1. */
  readonly t: number;
  /** Whether they have no state yet. */
  readonly fresh: boolean;
  readonly lookahead: LookaheadOptions | null;
  /** Whether Lookahead's slow weights begin. */
  readonly begins: boolean;
}

/** What one step does, in memory that native code reads: for every row a set of coefficients, or a `rowState`. */
export class Work {
  readonly setOfRow: Int32Array;
  readonly variants: Int32Array;
  readonly stages: Int32Array;
  readonly coefficients: Float32Array;
  readonly gradients = new Float64Array(gradients.count);
  sets = 0;
  readonly #views: Float32Array[] = [];

  constructor(rows: number) {
    this.setOfRow = new Int32Array(rows);
    this.variants = new Int32Array(rows);
    this.stages = new Int32Array(rows);
    this.coefficients = new Float32Array(rows * addon.maxCoefficients);
    this.begin();
  }

  /** The formula's coefficients of a set. */
  #own(set: number): Float32Array {
    const at = set * addon.maxCoefficients;
    return (this.#views[set] ??= this.coefficients.subarray(at + commonCount, at + addon.maxCoefficients));
  }

  /** Makes this what a table's steps do. */
  give(table: Table): void {
    table.setRequest(this.setOfRow, this.variants, this.stages, this.coefficients, this.gradients);
  }

  /** Forgets the sets, and what was to be done to the gradients. */
  begin(): void {
    this.sets = 0;
    this.gradients[gradients.scale] = 1;
    this.gradients[gradients.maxNorm] = -1;
    this.gradients[gradients.skipNonFinite] = 0;
  }

  /** Adds a set of coefficients: Common of native/core/coefficients.h, the formula's own, and what is to happen around it. Its index. */
  add<O extends object>(rule: Rule<O>, step: Step<O>, options: O, { t, fresh, lookahead, begins }: Update): number {
    const set = this.sets++;
    const at = set * addon.maxCoefficients;
    this.coefficients[at + common.decay] = rule.coupledDecay?.(options) ?? 0;
    this.coefficients[at + common.alpha] = lookahead?.alpha ?? 0;
    this.variants[set] = step(options, this.#own(set), t, fresh);
    let stages = centralizing(rule.centralized === undefined ? (options as CommonOptions).centralize : rule.centralized(options));
    if (lookahead !== null) {
      if (begins) stages |= stage.begin;
      if (t % lookahead.k === 0) stages |= stage.blend;
    }
    this.stages[set] = stages;
    return set;
  }
}
