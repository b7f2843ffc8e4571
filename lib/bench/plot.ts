// A plot of a report: time a parameter against size, with the limit as a line of its own.
import { describeMachine, type Report } from "./report";
import { loadDraw, type Specification } from "./svg";

/** What draws a report's plain synchronous results as an SVG, one panel a variant. Throws where vega is not installed. */
export async function loadPlot(): Promise<(report: Report) => Promise<string>> {
  const draw = await loadDraw();
  return (report) => draw(specification(report));
}

function specification(report: Report): Specification {
  const values = report.results
    .filter(({ mode, tensors }) => mode === "sync" && tensors === 1)
    .map((r) => ({ ...r, who: `${r.backend}${r.threads > 1 ? `, ${r.threads} threads` : ""}` }));
  return {
    title: { text: "Time of a step, by the number of parameters", subtitle: describeMachine(report) },
    data: { values },
    facet: { column: { field: "variant", title: null } },
    spec: {
      width: 380,
      height: 300,
      layer: [
        {
          mark: { type: "area", opacity: 0.2 },
          encoding: { y: { field: "ns_per_parameter_p10", type: "quantitative" }, y2: { field: "ns_per_parameter_p90" } },
        },
        {
          mark: { type: "line", point: true },
          encoding: {
            y: {
              field: "ns_per_parameter",
              type: "quantitative",
              scale: { type: "log" },
              title: "ns a parameter (p10 to p90 shaded)",
            },
            strokeDash: { condition: { test: "datum.backend == 'limit'", value: [6, 4] }, value: [1, 0] },
          },
        },
      ],
      encoding: {
        x: { field: "parameters", type: "quantitative", scale: { type: "log" }, axis: { format: "~e" }, title: "parameters" },
        color: { field: "who", type: "nominal", title: null, sort: null },
      },
    },
  };
}
