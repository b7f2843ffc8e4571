// The cycle of OneCycleLR: what it is given, what it saves, and where in it a step is.
import { describe, isArray, isObject, plainError, rangeError, typeError } from "../errors";
import { finite, numberThat, positive, whole, word, flag, type Kind, type Kinds } from "../options/kinds";
import { cos } from "./cos";
import { anyNumber, forEachGroup, momenta, momentum, numbers } from "./kinds";
import { readEpochOptions } from "./lr-scheduler";
import { groupsOf, type Scheduled } from "./optimizer-groups";

const lrNames = ["initial_lr", "max_lr", "min_lr"] as const;
const momentumNames = ["max_momentum", "base_momentum"] as const;
export type LrName = (typeof lrNames)[number];
type MomentumName = (typeof momentumNames)[number];

export interface Phase {
  end_step: number;
  start_lr: LrName;
  end_lr: LrName;
  start_momentum: MomentumName;
  end_momentum: MomentumName;
}

// In PyTorch the four lists are keys of the optimizer's groups. Here they are the schedule's own, and saved with it.
export interface Cycle {
  total_steps: number;
  _schedule_phases: readonly Phase[];
  _anneal_func_type: "cos" | "linear";
  cycle_momentum: boolean;
  max_lrs: readonly number[];
  min_lrs: readonly number[];
  base_momentums: readonly number[];
  max_momentums: readonly number[];
}

const unknown = (key: string, value: unknown) => `${key} cannot be ${describe(value)}`;

const phases: Kind<readonly Phase[]> = (value, key) => {
  const isList = isArray(value) && value.length > 0 && value.every((item) => isObject(item));
  if (!isList) throw typeError("ERR_INVALID_OPTION", `${key} must be an array of phases, got ${describe(value)}`);
  return (value as Phase[]).map((phase) => ({
    end_step: anyNumber(phase.end_step, "end_step"),
    start_lr: word(lrNames, unknown)(phase.start_lr, "start_lr"),
    end_lr: word(lrNames, unknown)(phase.end_lr, "end_lr"),
    start_momentum: word(momentumNames, unknown)(phase.start_momentum, "start_momentum"),
    end_momentum: word(momentumNames, unknown)(phase.end_momentum, "end_momentum"),
  }));
};

const strategy = word(
  ["cos", "linear"],
  (_, value) => `anneal_strategy must be one of 'cos' or 'linear', instead got ${String(value)}`,
);

export const kinds: Kinds<Cycle> = {
  total_steps: whole(1),
  _schedule_phases: phases,
  _anneal_func_type: strategy,
  cycle_momentum: flag,
  max_lrs: numbers,
  min_lrs: numbers,
  base_momentums: momenta,
  max_momentums: momenta,
};

const expected = (key: string, value: unknown) => `Expected positive integer ${key}, but got ${String(value)}`;

interface Given {
  max_lr: readonly number[];
  total_steps: number;
  epochs: number;
  steps_per_epoch: number;
  pct_start: number;
  anneal_strategy: "cos" | "linear";
  cycle_momentum: boolean;
  base_momentum: readonly number[];
  max_momentum: readonly number[];
  div_factor: number;
  final_div_factor: number;
  three_phase: boolean;
}

const given = (count: number): Kinds<Given> => {
  const counted = (key: string, length: unknown) => `expected ${count} values for ${key}, got ${String(length)}`;
  return {
    max_lr: forEachGroup(finite, count, counted),
    total_steps: whole(1, expected),
    epochs: whole(1, expected),
    steps_per_epoch: whole(1, expected),
    pct_start: numberThat(
      (value) => value >= 0 && value <= 1,
      (_, value) => `Expected float between 0 and 1 pct_start, but got ${String(value)}`,
    ),
    anneal_strategy: strategy,
    cycle_momentum: flag,
    base_momentum: forEachGroup(momentum, count, counted),
    max_momentum: forEachGroup(momentum, count, counted),
    div_factor: positive,
    final_div_factor: positive,
    three_phase: flag,
  };
};

function countSteps({ total_steps, epochs, steps_per_epoch }: Given): number {
  if (total_steps !== 0) return total_steps;
  if (epochs !== 0 && steps_per_epoch !== 0) return epochs * steps_per_epoch;
  throw typeError("ERR_INVALID_OPTION", "You must define either total_steps OR (epochs AND steps_per_epoch)");
}

const rise = { start_lr: "initial_lr", end_lr: "max_lr", start_momentum: "max_momentum", end_momentum: "base_momentum" } as const;
const fall = { start_lr: "max_lr", end_lr: "min_lr", start_momentum: "base_momentum", end_momentum: "max_momentum" } as const;
const back = { ...fall, end_lr: "initial_lr" } as const;
const fade = { start_lr: "initial_lr", end_lr: "min_lr", start_momentum: "max_momentum", end_momentum: "max_momentum" } as const;

/** Reads the options that a caller gave; `bases` are the lrs to start from. */
export function readCycle(optimizer: Scheduled, options: unknown): { own: Cycle & { last_epoch: number }; bases: number[] } {
  const count = groupsOf(optimizer).length;
  const all = readEpochOptions<Given>("OneCycleLR", options, given(count), {
    total_steps: 0, // not given
    epochs: 0,
    steps_per_epoch: 0,
    pct_start: 0.3,
    anneal_strategy: "cos",
    cycle_momentum: true,
    base_momentum: Array<number>(count).fill(0.85),
    max_momentum: Array<number>(count).fill(0.95),
    div_factor: 25,
    final_div_factor: 1e4,
    three_phase: false,
  });
  const { max_lr, pct_start, div_factor, final_div_factor } = all;
  const total_steps = countSteps(all);
  const last = total_steps - 1;
  const first = { ...rise, end_step: pct_start * total_steps - 1 };
  const threePhases = [first, { ...back, end_step: 2 * pct_start * total_steps - 2 }, { ...fade, end_step: last }];
  const bases = max_lr.map((lr) => lr / div_factor);
  const own = {
    last_epoch: all.last_epoch,
    total_steps,
    _schedule_phases: all.three_phase ? threePhases : [first, { ...fall, end_step: last }],
    _anneal_func_type: all.anneal_strategy,
    cycle_momentum: all.cycle_momentum,
    max_lrs: max_lr,
    min_lrs: bases.map((lr) => lr / final_div_factor),
    base_momentums: all.base_momentum,
    max_momentums: all.max_momentum,
  };
  return { own, bases };
}

/** The phase that a step is in, and what a value has become by then that goes from `start` to `end` in this phase. */
interface At {
  readonly phase: Phase;
  readonly anneal: (start: number, end: number) => number;
}

/** What was found last: all groups ask for the same. */
let last: { readonly cycle: Cycle; readonly step: number; readonly at: At } | undefined;

/** Where in a cycle a step is. */
export function phaseAt(cycle: Cycle, step: number): At {
  if (last?.cycle !== cycle || last.step !== step) last = { cycle, step, at: findPhase(cycle, step) };
  return last.at;
}

function findPhase({ total_steps, _schedule_phases, _anneal_func_type }: Cycle, step: number): At {
  if (step > total_steps) {
    const message = `Tried to step ${step + 1} times. The specified number of total steps is ${total_steps}`;
    throw rangeError("ERR_SCHEDULE", message);
  }
  const found = _schedule_phases.findIndex(({ end_step }) => step <= end_step);
  const index = found === -1 ? _schedule_phases.length - 1 : found;
  const phase = _schedule_phases[index] as Phase;
  const start = _schedule_phases[index - 1]?.end_step ?? 0;
  if (phase.end_step === start) {
    const advice = "choose another pct_start or total_steps";
    throw plainError("ERR_SCHEDULE", `The phase of step ${step} in this cycle ends where it starts: ${advice}`);
  }
  const pct = (step - start) / (phase.end_step - start);
  if (_anneal_func_type === "linear") return { phase, anneal: (start, end) => (end - start) * pct + start };
  const raised = cos(Math.PI * pct) + 1;
  return { phase, anneal: (start, end) => end + ((start - end) / 2) * raised };
}
