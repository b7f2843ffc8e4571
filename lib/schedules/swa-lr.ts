import { plainError } from "../errors";
import { finite, whole, word, type Kinds } from "../options/kinds";
import { cos } from "./cos";
import { forEachGroup, numbers } from "./kinds";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";

export interface SWALROptions extends EpochOptions {
  /** The lr to end at, ≥ 0: one for all groups, or one for each. */
  swa_lr: number | readonly number[];
  /** How many epochs it takes, ≥ 0. Default 10. */
  anneal_epochs?: number;
  /** Default "cos". */
  anneal_strategy?: "cos" | "linear";
}

interface Given {
  swa_lr: readonly number[];
  anneal_epochs: number;
  anneal_strategy: "cos" | "linear";
}

interface Own {
  anneal_epochs: number;
  // PyTorch keeps the lrs in the optimizer's groups, and the strategy as a function, which it does not save.
  swa_lrs: readonly number[];
  anneal_strategy: "cos" | "linear";
}

const strategy = word(
  ["cos", "linear"],
  (_, value) => `anneal_strategy must by one of 'cos' or 'linear', instead got ${String(value)}`,
);
const epochs = whole(0, (_, value) => `anneal_epochs must be equal or greater than 0, got ${String(value)}`);
const kinds: Kinds<Own> = { anneal_epochs: epochs, swa_lrs: numbers, anneal_strategy: strategy };

function read(optimizer: Scheduled, options: unknown): Own & { last_epoch: number } {
  const count = groupsOf(optimizer).length;
  const { swa_lr, ...rest } = readEpochOptions<Given>(
    "SWALR",
    options,
    {
      swa_lr: forEachGroup(finite, count, (_, length) => {
        const lengths = `swa_lr has ${String(length)}, optimizer.param_groups has ${count}`;
        return `swa_lr must have the same length as optimizer.param_groups: ${lengths}`;
      }),
      anneal_epochs: epochs,
      anneal_strategy: strategy,
    },
    { anneal_epochs: 10, anneal_strategy: "cos" },
  );
  return { ...rest, swa_lrs: swa_lr };
}

function alphaAt({ anneal_epochs, anneal_strategy }: Own, step: number): number {
  const t = Math.max(0, Math.min(1, step / Math.max(1, anneal_epochs)));
  return anneal_strategy === "linear" ? t : (1 - cos(Math.PI * t)) / 2;
}

/**
 * Moves lr to a constant one, for stochastic weight averaging (Izmailov et al., Averaging Weights Leads to Wider Optima and Better
 * Generalization): PyTorch's `torch.optim.swa_utils.SWALR`. With n its own steps, from 0, and N = `anneal_epochs`:
 *
 *     lr = swa_lr·α + lr₀·(1 − α),  α = a(min(n/N, 1)),  a(t) = (1 − cos(π·t))/2 or, "linear", t
 *     chainable: lr₀ is computed from the lr that the group has and the α of the step before
 *
 * Step it in the place of the schedule before it, from the epoch on in which the averaging begins.
 */
export class SWALR extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: SWALROptions) {
    super(optimizer, kinds, read(optimizer, options), { optional: ["swa_lrs", "anneal_strategy"] });
  }

  protected override lrAt(_epoch: number, lr: number, _base: number, index: number): number {
    const { swa_lrs, _step_count, anneal_epochs } = this.state;
    if (index >= swa_lrs.length) {
      throw plainError("ERR_SCHEDULE", `Param group ${index} was added later, and has no swa_lr: make a new SWALR`);
    }
    const target = swa_lrs[index] as number;
    const step = anneal_epochs === 0 ? Math.max(1, _step_count) : _step_count;
    const before = alphaAt(this.state, step - 1);
    const alpha = alphaAt(this.state, step);
    const initial = before === 1 ? target : (lr - before * target) / (1 - before);
    return target * alpha + initial * (1 - alpha);
  }

  // PyTorch has no closed form of it.
  protected override firstLr(base: number, index: number, lr: number): number {
    return this.lrAt(0, lr, base, index);
  }
}
