// Plots. Vega draws them; it is not a dependency of the package, so that whoever wants a plot installs it.
import type { TopLevelSpec } from "vega-lite" with { "resolution-mode": "import" };

export type Specification = TopLevelSpec;

/** What draws a Vega-Lite specification as an SVG. Throws where vega is not installed. */
export async function loadDraw(): Promise<(specification: Specification) => Promise<string>> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]).catch(() => {
    throw new Error("--svg needs the packages vega and vega-lite: npm install vega vega-lite");
  });
  return (specification) => {
    const { spec } = vegaLite.compile({ config: { background: "white", font: "sans-serif" }, ...specification });
    return new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
  };
}
