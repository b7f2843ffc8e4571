// The trajectories over contour lines. Vega draws them; it is not a dependency of the package, so that whoever wants a picture
// installs it.
import { marksOf } from "./marks";
import type { Data, GroupMark, Spec } from "vega";
import { dottedSteps } from "./path";
import type { Point, Problem } from "./problems";
import type { Result } from "./report";

/** A panel, the gaps between panels, and a cell of the grid that contours are found on, in pixels. */
const size = { width: 420, height: 340 };
const gap = { row: 100, column: 60 };
const cell = 4;

// Ten colours that differ on a pale ground, and dashes, so that neighbours in the legend differ without colours, too.
const colours = ["#d62728", "#8c564b", "#1f77b4", "#17a2b8", "#2ca02c", "#e377c2", "#7b52ab", "#ff7f0e", "#222222", "#a89a00"];
const dashes = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
];

/** Draws results as an SVG, one panel a problem. */
export type Plot = (problems: readonly Problem[], results: readonly Result[], steps: number) => Promise<string>;

/** Throws where vega is not installed. */
export async function loadPlot(): Promise<Plot> {
  const vega = await import("vega").catch(() => {
    throw new Error("--svg needs the package vega: npm install vega");
  });
  return async (...all) => {
    const svg = await new vega.View(vega.parse(specification(...all)), { renderer: "none" }).toSVG();
    return svg.replaceAll(/ d="[^"]*"/g, (path) => path.replaceAll(/(\.\d\d)\d+/g, "$1")); // hundredths of a pixel are enough
  };
}

function specification(...[problems, results, steps]: Parameters<Plot>): Spec {
  const names = [...new Set(results.map(({ name }) => name))];
  const dotted = dottedSteps(steps);
  const listed = new Intl.ListFormat("en").format(dotted.map((step) => step.toLocaleString("en")));
  const columns = Math.min(problems.length, problems.length === 4 ? 2 : 3);
  const longest = 70 + 7 * Math.max(...names.map(({ length }) => length)); // pixels of the legend
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: `Trajectories of ${names.join(", ")} on ${problems.map(({ name }) => name).join(", ")}`,
    background: "white",
    padding: 12,
    layout: {
      columns,
      padding: gap,
      bounds: "flush",
      align: "each",
    },
    data: problems.flatMap((problem, k) => dataOf(problem, k, results)),
    scales: [
      { name: "colour", type: "ordinal", domain: names, range: names.map((_, k) => colours[k % colours.length] as string) },
      {
        name: "dash",
        type: "ordinal",
        domain: names,
        range: names.map((_, k) => dashes[(k + Math.floor(k / colours.length)) % dashes.length] as number[]),
      },
      { name: "dot", type: "ordinal", domain: dotted, range: dotted.map((_, k) => 90 * 2 ** (k - dotted.length + 1)) },
      // Each is thinner than those before, so that paths which coincide are all seen.
      { name: "thickness", type: "point", domain: names, range: [4, 1.4] },
    ],
    legends: [
      {
        stroke: "colour",
        strokeDash: "dash",
        symbolType: "stroke",
        symbolStrokeWidth: 3,
        symbolSize: 400,
        orient: problems.length === 1 ? "right" : "bottom",
        columns:
          problems.length === 1
            ? 1
            : Math.max(1, Math.min(names.length, 5, Math.floor((columns * (size.width + gap.column)) / longest))),
        columnPadding: 22,
        labelFontSize: 13,
        labelLimit: 0,
        offset: 14,
      },
    ],
    title: {
      text: `All from the same start. Dots: after ${listed} steps`,
      fontSize: 13,
      fontWeight: "normal",
      color: "#555",
      offset: 10,
    },
    marks: problems.map(panel),
    config: { font: "sans-serif" },
  } as Spec;
}

/** The contours of a problem, the points of the paths over them, the dots on them, and what has a label. */
function dataOf(problem: Problem, k: number, results: readonly Result[]): Data[] {
  const here = results.filter((result) => result.problem === problem);
  const dot = (name: string, [x, y]: Point) => ({ name, x, y });
  return [
    {
      name: `contours${k}`,
      values: [sample(problem)],
      transform: [
        {
          type: "isocontour",
          thresholds: problem.contours.levels.map(heightOf(problem)),
          scale: cell,
          translate: [-cell, -cell],
        },
      ],
    },
    { name: `paths${k}`, values: here.flatMap(({ name, path }) => path.map((at) => dot(name, at))) },
    { name: `dots${k}`, values: here.flatMap(({ name, dots }) => dots.map(({ step, at }) => ({ ...dot(name, at), step }))) },
    { name: `labels${k}`, values: [dot("start", problem.start), dot("minimum", problem.minimum)] },
  ];
}

/** What contours are found on, straight between the points of the grid: a sum of squares has its root there, which is as good as straight. */
const heightOf =
  ({ contours }: Problem) =>
  (value: number): number =>
    contours.scale === "log" ? Math.sqrt(value) : value;

/** The heights of a problem on a grid, from the upper left, each at the middle of its cell, and one cell beyond each side. */
function sample(problem: Problem) {
  const [width, height] = [size.width / cell + 2, size.height / cell + 2];
  const at = ([from, to]: Point, index: number, count: number) => from + ((to - from) * (index - 0.5)) / (count - 2);
  const values = Array.from({ length: width * height }, (_, i) => {
    const x = at(problem.window.x, i % width, width);
    const y = at(problem.window.y, height - 1 - Math.floor(i / width), height);
    return heightOf(problem)(problem.value(x, y));
  });
  return { width, height, values };
}

/** One problem: its axes, and what is drawn between them. */
function panel(problem: Problem, k: number): GroupMark {
  const { name, formula, window, contours } = problem;
  const whole = { width: { value: size.width }, height: { value: size.height } };
  const heights = [contours.levels[0], contours.levels.at(-1)].map((level) => heightOf(problem)(level as number));
  const axis = { tickCount: 6, domain: false, tickColor: "#999", labelColor: "#555", labelFontSize: 11 };
  return {
    type: "group",
    name: `panel${k}`,
    title: {
      text: name,
      subtitle: formula,
      fontSize: 16,
      subtitleFontSize: 12,
      subtitleColor: "#555",
      subtitlePadding: 4,
      offset: 8,
    },
    encode: { enter: whole },
    scales: [
      { name: "x", type: "linear", domain: [...window.x], range: [0, size.width], zero: false },
      { name: "y", type: "linear", domain: [...window.y], range: [size.height, 0], zero: false },
      { name: "ground", type: contours.scale, domain: heights, range: ["#f6f9fd", "#b4c5de"] },
    ],
    axes: [
      { ...axis, orient: "bottom", scale: "x" },
      { ...axis, orient: "left", scale: "y" },
    ],
    marks: [{ type: "group", clip: true, encode: { enter: whole }, marks: marksOf(name, k) }],
  } as unknown as GroupMark;
}
