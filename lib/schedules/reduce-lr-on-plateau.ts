import { describe, plainError, typeError } from "../errors";
import { finite, numberThat, whole, word, type Kinds } from "../options/kinds";
import { anyNumber, forEachGroup, numbers, readGiven } from "./kinds";
import { groupsOf, writeGroups, type Scheduled } from "./optimizer-groups";
import { refuseEpoch, Schedule, type Saved } from "./schedule";

export interface ReduceLROnPlateauOptions {
  /** Whether the metric is to fall ("min", default) or to rise ("max"). */
  mode?: "min" | "max";
  /** What lr is multiplied by, in [0, 1). Default 0.1. */
  factor?: number;
  /** How many epochs in a row may be no better before lr is reduced. Default 10. */
  patience?: number;
  /** How much better an epoch must be to count. Default 1e-4. */
  threshold?: number;
  /** Whether that is a part of the best metric ("rel", default) or a difference ("abs"). */
  threshold_mode?: "rel" | "abs";
  /** How many epochs after a reduction are not counted. Default 0. */
  cooldown?: number;
  /** The smallest lr: one for all groups, or one for each. Default 0. */
  min_lr?: number | readonly number[];
  /** A reduction by no more than this is left out. Default 1e-8. */
  eps?: number;
}

interface Options {
  mode: "min" | "max";
  factor: number;
  patience: number;
  threshold: number;
  threshold_mode: "rel" | "abs";
  cooldown: number;
  eps: number;
}

interface Own extends Options, Saved {
  min_lrs: readonly number[];
  best: number;
  num_bad_epochs: number;
  cooldown_counter: number;
}

const optionKinds: Kinds<Options> = {
  mode: word(["min", "max"], (_, value) => `mode ${String(value)} is unknown!`),
  factor: numberThat(
    (value) => value >= 0 && value < 1,
    (_, value) => `Factor should be < 1.0 and not negative, got ${String(value)}`,
  ),
  patience: whole(0),
  threshold: finite,
  threshold_mode: word(["rel", "abs"], (_, value) => `threshold mode ${String(value)} is unknown!`),
  cooldown: whole(0),
  eps: finite,
};

const kinds: Kinds<Own> = {
  ...optionKinds,
  min_lrs: numbers,
  best: anyNumber,
  num_bad_epochs: whole(0),
  cooldown_counter: whole(0),
  last_epoch: whole(0),
  _last_lr: numbers,
};

const defaults = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  threshold_mode: "rel",
  cooldown: 0,
  eps: 1e-8,
} as const;

function begin(optimizer: Scheduled, given: unknown): Own {
  const groups = groupsOf(optimizer);
  const counted = (_: string, length: unknown) => `expected ${groups.length} min_lrs, got ${String(length)}`;
  const { min_lr, ...options } = readGiven<Options & { min_lr: readonly number[] }>(
    "ReduceLROnPlateau",
    given,
    { ...optionKinds, min_lr: forEachGroup(finite, groups.length, counted) },
    { ...defaults, min_lr: groups.map(() => 0) },
  );
  return {
    ...options,
    min_lrs: min_lr,
    best: options.mode === "min" ? Infinity : -Infinity,
    num_bad_epochs: 0,
    cooldown_counter: 0,
    last_epoch: 0,
    _last_lr: groups.map(({ lr }) => lr),
  };
}

/**
 * Reduces lr when a metric, such as the validation loss, has stopped getting better: after more than `patience` epochs in a row that
 * were not
 *
 *     "rel": metric < best·(1 − threshold)     "abs": metric < best − threshold     ("max": > and +)
 *
 *     lr ← max(lr·factor, min_lr)
 */
export class ReduceLROnPlateau extends Schedule<Own> {
  constructor(optimizer: Scheduled, options: ReduceLROnPlateauOptions = {}) {
    super(optimizer, kinds, begin(optimizer, options), ["_last_lr"]);
  }

  /** Ends an epoch with its metric. NaN counts as no better. */
  step(metric: number, ...none: []): void {
    refuseEpoch(none);
    if (typeof metric !== "number") {
      throw typeError("ERR_INVALID_OPTION", `The metric must be a number, got ${describe(metric)}`);
    }
    const { patience, cooldown, last_epoch } = this.state;
    let { best, num_bad_epochs, cooldown_counter } = this.state;
    if (this.#isBetter(metric)) {
      best = metric;
      num_bad_epochs = 0;
    } else {
      ++num_bad_epochs;
    }
    if (cooldown_counter > 0) {
      --cooldown_counter;
      num_bad_epochs = 0;
    }
    const groups = this.groups();
    if (num_bad_epochs > patience) {
      writeGroups(groups, { lr: groups.map(({ lr }, index) => this.#reduced(lr, index)) });
      cooldown_counter = cooldown;
      num_bad_epochs = 0;
    }
    const _last_lr = groups.map(({ lr }) => lr);
    this.state = { ...this.state, best, num_bad_epochs, cooldown_counter, last_epoch: last_epoch + 1, _last_lr };
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, threshold_mode, best } = this.state;
    if (mode === "min") return metric < (threshold_mode === "rel" ? best * (1 - threshold) : best - threshold);
    return metric > (threshold_mode === "rel" ? best * (threshold + 1) : best + threshold);
  }

  #reduced(lr: number, index: number): number | undefined {
    const { factor, min_lrs, eps } = this.state;
    const least = min_lrs[index];
    if (least === undefined) {
      const advice = "make a new ReduceLROnPlateau";
      throw plainError("ERR_SCHEDULE", `Param group ${index} was added later, and has no min_lr: ${advice}`);
    }
    const reduced = Math.max(lr * factor, least);
    return lr - reduced > eps ? reduced : undefined;
  }
}
