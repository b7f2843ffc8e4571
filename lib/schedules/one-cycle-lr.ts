import { plainError } from "../errors";
import { LRScheduler, type EpochOptions } from "./lr-scheduler";
import { kinds, phaseAt, readCycle, type Cycle, type LrName } from "./one-cycle";
import type { Scheduled } from "./optimizer-groups";

export interface OneCycleLROptions extends EpochOptions {
  /** The largest lr: one for all groups, or one for each. */
  max_lr: number | readonly number[];
  /** Steps of the whole cycle; or give `epochs` and `steps_per_epoch`, which are not used beside it. */
  total_steps?: number;
  epochs?: number;
  steps_per_epoch?: number;
  /** Which part of the cycle lr rises in, from 0 to 1. Default 0.3. */
  pct_start?: number;
  /** Default "cos". */
  anneal_strategy?: "cos" | "linear";
  /** Cycle `betas[0]`, or `momentum` where a group has no betas, against lr. Without it the two momenta are not used. Default true. */
  cycle_momentum?: boolean;
  /** The smallest momentum, where lr is largest, in [0, 1); one for all groups, or one for each. Default 0.85. */
  base_momentum?: number | readonly number[];
  /** The largest momentum. Default 0.95. */
  max_momentum?: number | readonly number[];
  /** lr starts at max_lr / div_factor. Default 25. */
  div_factor?: number;
  /** lr ends at its start / final_div_factor. Default 1e4. */
  final_div_factor?: number;
  /** Fall as long as it rose, and go on to the end from there. Default false: two phases. */
  three_phase?: boolean;
}

/** The lr that a name stands for. No closure: this runs for every group. */
const choose = (name: LrName, base: number, largest: number, least: number): number =>
  name === "initial_lr" ? base : name === "max_lr" ? largest : least;

/**
 * Raises lr and lets it fall, once, to far below where it began, with momentum the other way round (Smith and Topin,
 * Super-Convergence). Call `step` after each step of the optimizer. In a phase from a to b, of which the part x has passed:
 *
 *     "cos":    b + (a − b)/2·(cos(π·x) + 1)
 *     "linear": (b − a)·x + a
 *
 * with lr from max_lr/div_factor to max_lr, in pct_start·total_steps steps, and down to max_lr/div_factor/final_div_factor. It replaces
 * lr and `initial_lr` of the groups, and with `cycle_momentum` their `betas` by new arrays.
 */
export class OneCycleLR extends LRScheduler<Cycle> {
  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    const { own, bases } = readCycle(optimizer, options);
    // What a dict from PyTorch lacks: it keeps them in the optimizer's groups.
    const optional = ["_anneal_func_type", "max_lrs", "min_lrs", "base_momentums", "max_momentums"];
    super(optimizer, kinds, own, { bases, optional });
  }

  protected override lrAt(epoch: number, _lr: number, base: number, index: number): number {
    const { max_lrs, min_lrs } = this.state;
    const { phase, anneal } = phaseAt(this.state, epoch);
    if (index >= max_lrs.length) {
      throw plainError("ERR_SCHEDULE", `Param group ${index} was added later, and has no max_lr: make a new OneCycleLR`);
    }
    const [largest, least] = [max_lrs[index] as number, min_lrs[index] as number];
    return anneal(choose(phase.start_lr, base, largest, least), choose(phase.end_lr, base, largest, least));
  }

  protected override momentumAt(epoch: number, index: number): number | undefined {
    const { cycle_momentum, max_momentums, base_momentums } = this.state;
    if (!cycle_momentum) return undefined;
    const { phase, anneal } = phaseAt(this.state, epoch);
    const [largest, least] = [max_momentums[index] as number, base_momentums[index] as number];
    const isDown = phase.start_momentum === "max_momentum";
    return anneal(isDown ? largest : least, phase.end_momentum === "max_momentum" ? largest : least);
  }
}
