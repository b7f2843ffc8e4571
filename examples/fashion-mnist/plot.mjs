// The picture: how much depends on the learning rate, and the course of training at the best rate of each.
import { describeMachine } from "../../dist/lib/bench/report.js";
import { loadDraw } from "../../dist/lib/bench/svg.js";
import { bestOf, grouped, spreadOf } from "./results.mjs";

const legend = { orient: "bottom", symbolOpacity: 1, symbolType: "stroke", symbolStrokeWidth: 3 };

/** A panel: the means as a line, the range over the seeds as a band. */
function panel(title, values, x, y) {
  return {
    title,
    width: 360,
    height: 300,
    data: { values },
    encoding: { x, color: { field: "optimizer", type: "nominal", title: null, sort: null, legend } },
    layer: [
      {
        mark: { type: "area", opacity: 0.2 },
        encoding: { y: { ...y, field: "least", type: "quantitative" }, y2: { field: "greatest" } },
      },
      { mark: { type: "line", point: true }, encoding: { y: { ...y, field: "mean", type: "quantitative" } } },
    ],
  };
}

const percents = (values) => spreadOf(values.map((share) => 100 * share));

/** The report as an SVG. */
export async function plot(report) {
  const byRate = grouped(report).flatMap(([optimizer, rates]) =>
    rates.map(([rate, runs]) => ({ optimizer, rate, ...percents(runs.map(({ curve }) => curve.at(-1).accuracy)) })),
  );
  const best = bestOf(report).map(([name, { rate, runs }]) => ({ optimizer: `${name} at ${rate}`, runs }));
  const byEpoch = best.flatMap(({ optimizer, runs }) =>
    runs[0].curve.map(({ epoch }, k) => ({ optimizer, epoch, ...spreadOf(runs.map(({ curve }) => curve[k].loss)) })),
  );
  const grid = [...new Set(byRate.map(({ rate }) => rate))];
  const { images, epochs, batchSize } = report.settings;
  const seeds = Math.max(...best.map(({ runs }) => runs.length));
  const draw = await loadDraw();
  return draw({
    title: {
      text: "Fashion-MNIST: AdaBelief next to Adam and SGD of TensorFlow.js",
      subtitle: [
        `784–64–32–10, ${images} images, ${epochs} epochs, batches of ${batchSize}; mean and range of ${seeds} seeds; validation set of 2000`,
        describeMachine(report),
      ],
    },
    spacing: 50,
    resolve: { scale: { color: "independent" } },
    hconcat: [
      panel(
        "After the last epoch, by learning rate",
        byRate,
        {
          field: "rate",
          type: "quantitative",
          scale: { type: "log", nice: false },
          axis: { format: "~g", values: grid, labelOverlap: false },
          title: "learning rate",
        },
        { title: "% right of the validation set", scale: { zero: false } },
      ),
      panel(
        "At the best rate of each",
        byEpoch,
        { field: "epoch", type: "quantitative", axis: { tickMinStep: 1 }, title: "epoch" },
        { title: "loss on the validation set", scale: { type: "log", nice: false } },
      ),
    ],
  });
}
