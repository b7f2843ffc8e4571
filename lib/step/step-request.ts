import { addon, common, gradients, rowState, stage, type Table } from "../native/engine";
import type { Centralize, CommonOptions, EmaOptions, LookaheadOptions } from "../options/common";
import type { Rule, Step } from "../rule/rule";
import type { LiveSets } from "./live-sets";
import type { ReadStepOptions } from "./step-options";

// Constants, because `addon` is too large an object for quick access.
const commonCount = addon.commonCoefficients.length;
const { maxCoefficients } = addon;

const centralizing = (which: Centralize | undefined): number =>
  which === "all" ? stage.centralize : which === "conv" ? stage.centralizeConv : 0;

/* eslint-disable @typescript-eslint/unbound-method -- called with an array as `this` */
const copyInts = Function.prototype.call.bind(Int32Array.prototype.set) as (into: Int32Array, from: Int32Array) => void;
const copyFloats = Function.prototype.call.bind(Float32Array.prototype.set) as <A extends Float32Array | Float64Array>(
  into: A,
  from: A,
) => void;
/* eslint-enable @typescript-eslint/unbound-method */

/** Which update of its parameters a set of coefficients is for. */
export interface Update {
  /** Its number, from 1. */
  readonly t: number;
  /** Whether they have no state yet. */
  readonly fresh: boolean;
  readonly lookahead: LookaheadOptions | null;
  /** Whether Lookahead's slow weights begin. */
  readonly begins: boolean;
  readonly ema: EmaOptions | null;
  /** Whether the moving average begins. */
  readonly beginsEma: boolean;
}

/** What a step asks of native code, in memory that both sides see: for every row a set of coefficients, or a `rowState`. */
export class StepRequest {
  readonly setOfRow: Int32Array;
  variants: Int32Array;
  stages: Int32Array;
  coefficients: Float32Array;
  /** By set: the seed and the number of the step, by which state of fewer bits is rounded. */
  noise: Float64Array;
  readonly gradients: Float64Array = new Float64Array(gradients.count);
  sets = 0;
  /** What devices know of the sets, where they find the steps of their rows. */
  live: LiveSets | null = null;
  /** Whether the memory is other than what was given to a table last. */
  moved = true;
  readonly #views: Float32Array[] = [];

  constructor(rows: number) {
    this.setOfRow = new Int32Array(rows).fill(rowState.skipped);
    this.variants = new Int32Array(rows);
    this.stages = new Int32Array(rows);
    this.coefficients = new Float32Array(rows * maxCoefficients);
    this.noise = new Float64Array(2 * rows);
    this.begin({});
  }

  /** Makes this what a table's steps do. */
  give(table: Table): void {
    table.setRequest(this.setOfRow, this.variants, this.stages, this.coefficients, this.noise, this.gradients);
    this.moved = false;
  }

  /** Forgets the sets; says what happens to all gradients. */
  begin({ gradScale = 1, clip = 1, maxGradNorm = -1, skipNonFinite = false }: ReadStepOptions): void {
    this.sets = 0;
    this.gradients[gradients.scale] = gradScale;
    this.gradients[gradients.clip] = clip;
    this.gradients[gradients.maxNorm] = maxGradNorm;
    this.gradients[gradients.skipNonFinite] = skipNonFinite ? 1 : 0;
    this.gradients[gradients.slot] = -1;
    this.gradients[gradients.capturable] = 0;
  }

  /** Adds a set: the common coefficients, the formula's own, and the stages around the formula. Returns its index. */
  add<O extends object>(rule: Rule<O>, step: Step<O>, options: O, update: Update): number {
    const { t, fresh, lookahead, ema } = update;
    const { maximize, centralize, seed = 0 } = options as CommonOptions;
    if (this.sets === this.variants.length) this.#grow();
    const set = this.sets++;
    const at = set * maxCoefficients;
    this.coefficients[at + common.decay] = rule.coupledDecay?.(options) ?? 0;
    this.coefficients[at + common.alpha] = lookahead?.alpha ?? 0;
    this.coefficients[at + common.maximize] = maximize === true ? 1 : 0;
    this.coefficients[at + common.ema_weight] = ema === null ? 0 : 1 - ema.decay;
    this.noise[2 * set] = seed;
    this.noise[2 * set + 1] = t;
    this.variants[set] = step(options, this.#own(set), t, fresh);
    let stages = centralizing(rule.centralized === undefined ? centralize : rule.centralized(options));
    if (lookahead !== null) {
      if (update.begins) stages |= stage.begin;
      if (t % lookahead.k === 0) stages |= stage.blend;
    }
    if (ema !== null) stages |= update.beginsEma ? stage.beginEma : stage.ema;
    this.stages[set] = stages;
    if (this.live !== null) this.#addLive(this.live, rule, options, lookahead, set);
    return set;
  }

  /** Leaves to the device what depends on the number of the step. The request has every stage that a step may have. */
  #addLive<O extends object>(live: LiveSets, rule: Rule<O>, options: O, lookahead: LookaheadOptions | null, set: number): void {
    const program = live.program(set);
    rule.writeProgram?.(options, program);
    const stages = (this.stages[set] as number) & ~stage.blend;
    const at = set * maxCoefficients;
    const coefficients = this.coefficients.subarray(at, at + maxCoefficients);
    this.variants[set] = live.write(set, coefficients, this.variants[set] as number, stages, lookahead?.k ?? 0);
    this.stages[set] = stages | (lookahead === null ? 0 : stage.blend);
  }

  /** Makes room for more sets than there are parameters: rows may have counts of their own. */
  #grow(): void {
    const room = 2 * this.sets + 16;
    const { variants, stages, coefficients, noise } = this;
    this.variants = new Int32Array(room);
    this.stages = new Int32Array(room);
    this.coefficients = new Float32Array(room * addon.maxCoefficients);
    this.noise = new Float64Array(2 * room);
    copyInts(this.variants, variants);
    copyInts(this.stages, stages);
    copyFloats(this.coefficients, coefficients);
    copyFloats(this.noise, noise);
    this.#views.length = 0;
    this.moved = true;
  }

  /** The formula's coefficients of a set. */
  #own(set: number): Float32Array {
    const at = set * maxCoefficients;
    return (this.#views[set] ??= this.coefficients.subarray(at + commonCount, at + maxCoefficients));
  }
}
