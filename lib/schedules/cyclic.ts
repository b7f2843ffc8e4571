// The cycle of CyclicLR: what it is given, what it saves, and how high it is in a step.
import { describe, typeError } from "../errors";
import { finite, flag, numberThat, positive, word, type Kind, type Kinds } from "../options/kinds";
import { forEachGroup, momenta, momentum, numbers } from "./kinds";
import { readEpochOptions } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";
import { pow } from "./pow";

/** The height of a cycle, from 0 to 1, given its number or that of the step. */
export type ScaleFunction = (at: number) => number;

const modes = ["triangular", "triangular2", "exp_range"] as const;
const scaleModes = ["cycle", "iterations"] as const;
type Mode = (typeof modes)[number];
type ScaleMode = (typeof scaleModes)[number];

interface Shape {
  mode: Mode;
  gamma: number;
  scale_mode: ScaleMode;
  cycle_momentum: boolean;
}

export interface Cyclic extends Shape {
  max_lrs: readonly number[];
  total_size: number;
  step_ratio: number;
  base_momentums: readonly number[];
  max_momentums: readonly number[];
  _scale_fn_custom: ScaleFunction | null;
}

const shapeKinds: Kinds<Shape> = {
  mode: word(modes, (_, value) => `mode is invalid and scale_fn is None: ${String(value)}, expected ${modes.join(", ")}`),
  gamma: finite,
  scale_mode: word(scaleModes, (_, value) => `scale_mode must be "cycle" or "iterations", got ${describe(value)}`),
  cycle_momentum: flag,
};

const ratio = numberThat(
  (value) => value > 0 && value < 1,
  (key, value) => `${key} must be a number between 0 and 1, got ${String(value)}`,
);

/** A dict has null in the place of a function: the present one stays. */
const savedFunction: Kind<ScaleFunction | null> = (value, key, last) => {
  if (value === null || value === undefined) return last ?? null;
  throw typeError("ERR_INVALID_OPTION", `${key} must be null, got ${describe(value)}`);
};

export const cycleKinds: Kinds<Cyclic> = {
  ...shapeKinds,
  max_lrs: numbers,
  total_size: positive,
  step_ratio: ratio,
  base_momentums: momenta,
  max_momentums: momenta,
  _scale_fn_custom: savedFunction,
};

const scaleFunction: Kind<ScaleFunction> = (value, key) => {
  if (typeof value === "function") return value as ScaleFunction;
  throw typeError("ERR_INVALID_OPTION", `${key} must be a function, got ${describe(value)}`);
};

interface Given extends Shape {
  base_lr: readonly number[];
  max_lr: readonly number[];
  step_size_up: number;
  step_size_down: number | undefined;
  scale_fn: ScaleFunction | undefined;
  base_momentum: readonly number[];
  max_momentum: readonly number[];
}

interface Read {
  own: Omit<Cyclic, "_scale_fn_custom"> & { last_epoch: number };
  scale: ScaleFunction | null;
  base_lrs: readonly number[];
  /** What the first step starts from: PyTorch takes the groups' `initial_lr` there, if they have one. */
  initial: readonly number[];
}

/** Reads the options that a caller gave. */
export function readCyclic(optimizer: Scheduled, options: unknown): Read {
  const groups = groupsOf(optimizer);
  const count = groups.length;
  const each = (one: Kind<number>) =>
    forEachGroup(one, count, (key, length) => `expected ${count} values for ${key}, got ${String(length)}`);
  const given = readEpochOptions<Given>(
    "CyclicLR",
    options,
    {
      ...shapeKinds,
      base_lr: each(finite),
      max_lr: each(finite),
      step_size_up: positive,
      step_size_down: positive as Kind<number | undefined>,
      scale_fn: scaleFunction as Kind<ScaleFunction | undefined>,
      base_momentum: each(momentum),
      max_momentum: each(momentum),
    },
    {
      mode: "triangular",
      gamma: 1,
      scale_mode: "cycle",
      cycle_momentum: true,
      step_size_up: 2000,
      step_size_down: undefined,
      scale_fn: undefined,
      base_momentum: Array<number>(count).fill(0.8),
      max_momentum: Array<number>(count).fill(0.9),
    },
  );
  const { mode, gamma, scale_fn, cycle_momentum, last_epoch, base_lr, step_size_up, step_size_down = step_size_up } = given;
  const total_size = step_size_up + step_size_down;
  const own = {
    mode,
    gamma,
    scale_mode: scale_fn ? given.scale_mode : mode === "exp_range" ? ("iterations" as const) : ("cycle" as const),
    cycle_momentum,
    last_epoch,
    max_lrs: given.max_lr,
    total_size,
    step_ratio: step_size_up / total_size,
    base_momentums: given.base_momentum,
    max_momentums: given.max_momentum,
  };
  const initial = groups.map(({ initial_lr }, index) => initial_lr ?? (base_lr[index] as number));
  return { own, scale: scale_fn ?? null, base_lrs: base_lr, initial };
}

function scaleAt({ mode, gamma, _scale_fn_custom }: Cyclic, at: number): number {
  if (_scale_fn_custom === null) {
    if (mode === "triangular") return 1;
    return mode === "triangular2" ? 1 / 2 ** (at - 1) : pow(gamma, at);
  }
  const scale: unknown = _scale_fn_custom(at);
  if (typeof scale === "number") return scale;
  throw typeError("ERR_INVALID_OPTION", `scale_fn must return a number, got ${describe(scale)} for ${at}`);
}

/** How much of the way up a step is, from 0 to 1, and the height of its cycle. */
export function amplitudeAt(state: Cyclic, step: number): { way: number; scale: number } {
  const cycle = Math.floor(1 + step / state.total_size);
  const x = 1 + step / state.total_size - cycle;
  const way = x <= state.step_ratio ? x / state.step_ratio : (x - 1) / (state.step_ratio - 1);
  return { way, scale: scaleAt(state, state.scale_mode === "cycle" ? cycle : step) };
}
