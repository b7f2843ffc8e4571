// What the trainings say: the best learning rate of each optimizer, and how it does on images that nothing was chosen by.
import { formatTable } from "../../dist/lib/bench/report.js";

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean, least and greatest of some numbers. */
export const spreadOf = (values) => ({ mean: mean(values), least: Math.min(...values), greatest: Math.max(...values) });

/** The runs of each optimizer, by learning rate: [name, [[rate, runs], …]]. */
export function grouped({ runs }) {
  const by = (list, key) =>
    [...new Set(list.map((run) => run[key]))].map((value) => [value, list.filter((run) => run[key] === value)]);
  return by(runs, "optimizer").map(([name, list]) => [name, by(list, "rate").sort(([a], [b]) => a - b)]);
}

/** For each optimizer the rate with the best mean accuracy on the validation set after the last epoch, and its runs. */
export function bestOf(report) {
  return grouped(report).map(([name, rates]) => {
    const score = ([, runs]) => mean(runs.map(({ curve }) => curve.at(-1).accuracy));
    const best = rates.reduce((a, b) => (score(b) > score(a) ? b : a));
    const [rate, runs] = best;
    return [name, { rate, runs, atEdge: rates.length > 1 && (best === rates[0] || best === rates.at(-1)) }];
  });
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** The comparison as a table: accuracy and loss on the test set, mean and range over the seeds. */
export function table(report) {
  const rows = bestOf(report).map(([name, { rate, runs }]) => {
    const accuracy = spreadOf(runs.map(({ test }) => test.accuracy));
    const loss = spreadOf(runs.map(({ test }) => test.loss));
    return [
      name,
      String(rate),
      String(runs.length),
      percent(accuracy.mean),
      `${percent(accuracy.least)} – ${percent(accuracy.greatest)}`,
      loss.mean.toFixed(4),
      `${loss.least.toFixed(4)} – ${loss.greatest.toFixed(4)}`,
    ];
  });
  return formatTable(["optimizer", "best rate", "seeds", "test right", "range", "test loss", "range"], rows, 1);
}
