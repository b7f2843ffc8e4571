// Curves of recorded results, as an SVG: the mean over the seeds as a line, their range as a band.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadDraw } from "../dist/lib/bench/svg.js";
import { describeMachine } from "../dist/lib/bench/report.js";
import { pathFromCaller, readOptions } from "../examples/shared/options.mjs";
import { resultsFolder } from "./folders.mjs";
import { optimizers } from "./settings.mjs";
import { scores } from "./sizes.mjs";
import { meanOf } from "./statistics.mjs";
import { readResults, resultsByOptimizer } from "./table.mjs";

/** A colour for each optimizer, the same in every picture. */
const palette = [
  ...["#d62728", "#ff9da7", "#1f77b4", "#17becf", "#bcbd22", "#2ca02c"],
  ...["#8c564b", "#ff7f0e", "#000000", "#9467bd", "#7f7f7f"],
];
const names = Object.keys(optimizers);

/** Points { optimizer, epoch, mean, least, greatest } of what is measured under `key`, as far as all seeds go. */
export function pointsOf(groups, key) {
  return groups.flatMap(([optimizer, results]) => {
    const epochs = Math.min(...results.map(({ curve }) => curve.length));
    return Array.from({ length: epochs }, (_, k) => {
      const values = results.map(({ curve }) => curve[k][key]).filter(Number.isFinite);
      if (values.length < results.length) return [];
      return [{ optimizer, epoch: k + 1, mean: meanOf(values), least: Math.min(...values), greatest: Math.max(...values) }];
    }).flat();
  });
}

/** The colours of the optimizers that are drawn. */
export function colorsOf(points) {
  const domain = names.filter((name) => points.some(({ optimizer }) => optimizer === name));
  return { domain, range: domain.map((name) => palette[names.indexOf(name) % palette.length]) };
}

function panel(title, values, label) {
  const y = { type: "quantitative", title: label, scale: { zero: false } };
  const legend = { symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 3 };
  return {
    ...{ title, width: 380, height: 300, data: { values } },
    encoding: {
      x: { field: "epoch", type: "quantitative", axis: { tickMinStep: 1 } },
      color: { field: "optimizer", type: "nominal", title: null, sort: null, scale: colorsOf(values), legend },
    },
    layer: [
      { mark: { type: "area", opacity: 0.15 }, encoding: { y: { ...y, field: "least" }, y2: { field: "greatest" } } },
      { mark: { type: "line" }, encoding: { y: { ...y, field: "mean" } } },
    ],
  };
}

/** How many seeds the optimizers have: "3 seeds", or "2 to 3 seeds" where they differ. */
export function seedsOf(results) {
  const counts = ["paper", "grid"].flatMap((table) => resultsByOptimizer(results, table).map(([, one]) => one.length));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most} ${most === 1 ? "seed" : "seeds"}` : `${least} to ${most} seeds`;
}

/** A row of panels for each table that there are results of: training loss, and the score on held-out data. */
export function specify(results, { task, model }) {
  const { key, title } = scores[task];
  const tables = { paper: "the paper's settings", grid: "the best rate of a grid" };
  const rows = Object.entries(tables).flatMap(([table, what]) => {
    const groups = resultsByOptimizer(results, table);
    if (groups.length === 0) return [];
    return [
      {
        hconcat: [
          panel(`Training loss, ${what}`, pointsOf(groups, "trainingLoss"), "loss"),
          panel(`${title}, ${what}`, pointsOf(groups, key), title),
        ],
      },
    ];
  });
  if (rows.length === 0) throw new Error(`There are no results of ${task} ${model}`);
  const subtitle = [`Mean and range over ${seedsOf(results)}`, describeMachine(results[0])];
  return { title: { text: `${task}, ${model}`, subtitle }, spacing: 40, vconcat: rows };
}

if (import.meta.filename === process.argv[1]) {
  const { size, task, model, from, svg } = readOptions("Curves of recorded results", {
    task: ["image", "task of the results"],
    model: ["resnet", "model of the results"],
    size: ["small", "smoke, small or paper"],
    from: ["", "folder of the results"],
    svg: ["", "file of the picture"],
  });
  const folder = resultsFolder(from, size);
  const draw = await loadDraw();
  const picture = await draw(specify(readResults(folder, { size, task, model }), { task, model }));
  const path = svg === "" ? join(folder, `${size}-${task}-${model}.svg`) : pathFromCaller(svg);
  writeFileSync(path, picture);
  console.log(`Picture: ${path}`);
}
