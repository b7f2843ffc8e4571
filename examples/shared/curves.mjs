import { writeFileSync } from "node:fs";
import { parse, View } from "vega";
import { compile } from "vega-lite";

/** Draws lines as an SVG: `values` are points { x, y, line }, `titles` those of picture, axes and legend. */
export async function drawCurves(path, values, titles) {
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: titles.picture,
    data: { values },
    width: 480,
    height: 260,
    mark: { type: "line", point: { size: 20 } },
    encoding: {
      x: { field: "x", type: "quantitative", title: titles.x },
      y: { field: "y", type: "quantitative", title: titles.y, scale: { zero: false } },
      color: { field: "line", type: "nominal", title: titles.lines ?? null, sort: null },
    },
    config: { background: "white", font: "sans-serif" },
  });
  writeFileSync(path, await new View(parse(spec), { renderer: "none" }).toSVG());
}
