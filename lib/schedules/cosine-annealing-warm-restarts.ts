import { finite, numberThat, whole, type Kinds, type Message } from "../options/kinds";
import { cos } from "./cos";
import { refuseEpoch } from "./schedule";
import { LRScheduler, readEpochOptions, type EpochOptions } from "./lr-scheduler";
import type { Scheduled } from "./optimizer-groups";

export interface CosineAnnealingWarmRestartsOptions extends EpochOptions {
  /** Epochs until the first restart, ≥ 1. */
  T_0: number;
  /** What the number of epochs is multiplied by at every restart, a whole number ≥ 1. Default 1. */
  T_mult?: number;
  /** The smallest lr, ≥ 0. Default 0. */
  eta_min?: number;
}

interface Given {
  T_0: number;
  T_mult: number;
  eta_min: number;
}

interface Own extends Given {
  T_cur: number;
  T_i: number;
}

const expected =
  (what: string): Message =>
  (_, value) =>
    `Expected ${what}, but got ${String(value)}`;

const given: Kinds<Given> = {
  T_0: whole(1, expected("positive integer T_0")),
  T_mult: whole(1, expected("integer T_mult >= 1")),
  eta_min: finite,
};

/** After PyTorch's `step(epoch)` a fraction may have passed. */
const passed = numberThat(
  (value) => value >= 0 && value <= Number.MAX_SAFE_INTEGER,
  (key, value) => `${key} must be a number of epochs from 0, got ${String(value)}`,
);

const kinds: Kinds<Own> = { ...given, T_cur: passed, T_i: whole(1) };

/** The next epoch, as T_cur and T_i say it. */
function advance({ T_cur, T_i, T_mult }: Pick<Own, "T_cur" | "T_i" | "T_mult">): { T_cur: number; T_i: number } {
  const next = T_cur + 1;
  return next >= T_i ? { T_cur: next - T_i, T_i: T_i * T_mult } : { T_cur: next, T_i };
}

function begin(options: unknown): Own & { last_epoch: number } {
  const all = readEpochOptions<Given>("CosineAnnealingWarmRestarts", options, given, { T_mult: 1, eta_min: 0 });
  const { T_0, T_mult, last_epoch } = all;
  return { ...all, ...(last_epoch === -1 ? { T_cur: 0, T_i: T_0 } : advance({ T_cur: last_epoch, T_i: T_0, T_mult })) };
}

/**
 * Lets lr fall to η = `eta_min` along a cosine, and starts again at lr₀ (Loshchilov and Hutter, SGDR). The first time it takes T_0 epochs,
 * and T_mult times as many after each restart. With T_cur epochs since the last restart and T_i from there to the next:
 *
 *     lr = η + (lr₀ − η)·(1 + cos(π·T_cur/T_i))/2
 *
 * It sets lr from lr₀ and T_cur. An lr that was changed by hand lasts until the next epoch.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<Own> {
  constructor(optimizer: Scheduled, options: CosineAnnealingWarmRestartsOptions) {
    super(optimizer, kinds, begin(options));
  }

  override step(...none: []): void {
    refuseEpoch(none);
    this.#enterWith(this.last_epoch < 0 ? { T_cur: 0, T_i: this.state.T_0 } : advance(this.state), () => super.step());
  }

  override restart(): void {
    this.#enterWith({ T_cur: 0, T_i: this.state.T_0 }, () => super.restart());
  }

  protected override lrAt(_epoch: number, _lr: number, base: number): number {
    const { T_cur, T_i, eta_min } = this.state;
    return eta_min + ((base - eta_min) * (1 + cos((Math.PI * T_cur) / T_i))) / 2;
  }

  #enterWith(at: { T_cur: number; T_i: number }, enter: () => void): void {
    const before = this.state;
    this.state = { ...before, ...at };
    try {
      enter();
    } catch (error) {
      this.state = before;
      throw error;
    }
  }
}
