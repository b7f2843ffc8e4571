import { plainError } from "../errors";
import { LRScheduler, type EpochOptions } from "./lr-scheduler";
import { kinds, phaseAt, readCycle, type Cycle, type LrName, type MomentumName } from "./one-cycle";
import { addMomentumTo, type Scheduled, type ScheduledGroup } from "./optimizer-groups";

export interface OneCycleLROptions extends EpochOptions {
  /** The largest lr: one for all groups, or one for each. */
  max_lr: number | readonly number[];
  /** Steps of the whole cycle; or give `epochs` and `steps_per_epoch`. */
  total_steps?: number;
  epochs?: number;
  steps_per_epoch?: number;
  /** Which part of the cycle lr rises in, from 0 to 1. Default 0.3. */
  pct_start?: number;
  /** Default "cos". */
  anneal_strategy?: "cos" | "linear";
  /** Cycle `betas[0]`, or `momentum` where a group has no betas, against lr. Default true. */
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
    const at = (name: LrName): number =>
      (name === "initial_lr" ? base : name === "max_lr" ? max_lrs[index] : min_lrs[index]) as number;
    return anneal(at(phase.start_lr), at(phase.end_lr));
  }

  protected override addMomentum<C extends Partial<ScheduledGroup>>(
    change: C,
    epoch: number,
    group: ScheduledGroup,
    index: number,
  ): C {
    const { cycle_momentum, max_momentums, base_momentums } = this.state;
    if (!cycle_momentum) return change;
    const { phase, anneal } = phaseAt(this.state, epoch);
    const at = (name: MomentumName): number => (name === "max_momentum" ? max_momentums[index] : base_momentums[index]) as number;
    const momentum = anneal(at(phase.start_momentum), at(phase.end_momentum));
    addMomentumTo(change, group, momentum);
    return change;
  }
}
