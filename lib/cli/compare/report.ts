import { formatTable } from "../../bench/report";
import { info } from "../../info";
import { formatSettings } from "./contestants";
import type { Dot } from "./path";
import type { Point, Problem } from "./problems";
import { tolerance, type Outcome } from "./run";
import type { Settings } from "./settings";

export interface Result extends Outcome {
  readonly problem: Problem;
  /** Unlike that of any other result of the problem. */
  readonly name: string;
  readonly optimizer: string;
  readonly settings: Settings;
  /** Where it went, as far as a picture can show. */
  readonly path: readonly Point[];
  readonly dots: readonly Dot[];
}

/** What --json prints: nothing that depends on the machine or the time. */
export function makeReport(problems: readonly Problem[], results: readonly Result[], steps: number): object {
  return {
    schema: 1,
    version: info().version,
    steps,
    tolerance,
    problems: problems.map(({ name, formula, source, start, minimum }) => ({ name, formula, source, start, minimum })),
    results: results.map(({ problem, optimizer, settings, final, value, distance, settled, diverged }) => ({
      problem: problem.name,
      optimizer,
      options: settings,
      final,
      value,
      distance,
      steps_to_within_tolerance: settled,
      diverged_at_step: diverged,
    })),
  };
}

const figure = (value: number): string => (value === 0 ? "0" : value.toExponential(2));

/** The results of one problem as a table. */
export function resultTable(results: readonly Result[]): string {
  const header = ["optimizer", "options", "final value", "distance to minimum", `steps to within ${tolerance}`];
  const rows = results.map(({ optimizer, settings, value, distance, settled, diverged }) => [
    optimizer,
    formatSettings(settings),
    ...(diverged === null ? [figure(value), figure(distance)] : [`diverged at step ${diverged}`, "-"]),
    settled === null ? "-" : String(settled),
  ]);
  return formatTable(header, rows, 2);
}
