// A plot of a report: time a parameter against size, a panel a variant, and in it one line a contestant, which is named where it ends.
// It is written as SVG, on a ground of its own, and can be read without colours: by marks, dashes and names.
import { logAxis, spreadOut, type Axis } from "./axis";
import type { Result } from "./measure";
import { describeMachine, type Report } from "./report";

interface Series {
  readonly name: string;
  /** Who runs: one colour and one mark. */
  readonly who: string;
  readonly dashed: boolean;
  readonly points: readonly Result[];
}

/** What is plotted: synchronous steps over one tensor. */
function seriesOf(results: readonly Result[]): Series[] {
  const plotted = results.filter(({ mode, tensors }) => mode === "sync" && tensors === 1);
  const byName = new Map<string, Result[]>();
  const bothMemories = new Set(plotted.filter(({ optimizer }) => optimizer !== "limit").map(({ memory }) => memory)).size > 1;
  for (const one of plotted) {
    const isOurs = one.optimizer !== "limit" && one.backend !== "javascript" && !/^(tfjs|torch|ruvector)/.test(one.backend);
    const words = [
      one.optimizer === "limit" ? "memory baseline" : isOurs ? one.backend : one.optimizer,
      ...(one.backend.startsWith("tfjs") ? [one.backend.slice(5)] : []),
      ...(isOurs && bothMemories ? [one.memory] : []),
      ...(one.threads > 1 ? [`${one.threads} threads`] : []),
    ];
    const name = words.join(", ");
    byName.set(name, [...(byName.get(name) ?? []), one]);
  }
  return [...byName].map(([name, points]) => {
    const { memory, threads } = points[0] as Result;
    points.sort((a, b) => a.parameters - b.parameters);
    return { name, who: whoOf(points[0] as Result), dashed: (memory === "ordinary" && bothMemories) || threads > 1, points };
  });
}

/** Colours that people tell apart whatever they see of colour, and dark enough on white (Okabe and Ito). */
const colours = ["#0072b2", "#d55e00", "#007a5a", "#a63d80", "#8a6100", "#3b6fb5", "#5c5c5c"];
const marks = ["circle", "square", "triangle", "diamond", "down"] as const;

interface Style {
  readonly colour: string;
  readonly mark: (typeof marks)[number] | "cross";
}

const whoOf = ({ optimizer, backend }: Result): string => (optimizer === "limit" ? optimizer : `${optimizer} ${backend}`);

function styleOf({ who }: Series, all: readonly string[]): Style {
  if (who === "limit") return { colour: "#000000", mark: "cross" };
  const k = all.indexOf(who);
  return { colour: colours[k % colours.length] as string, mark: marks[k % marks.length] as Style["mark"] };
}

const size = { width: 400, height: 320, left: 64, top: 88, label: 176, bottom: 56 };
const panelWidth = size.left + size.width + size.label;

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const round = (value: number): number => Number(value.toFixed(2));

/** An SVG of a report's synchronous results, one panel a variant. */
export function plotReport(report: Report): string {
  const plotted = report.results.filter(({ mode, tensors }) => mode === "sync" && tensors === 1);
  const variants = [...new Set(plotted.map(({ variant }) => variant))];
  if (variants.length === 0) throw new Error("there is nothing to plot: --svg shows synchronous steps over tensors of --sizes");
  const all = [...new Set(plotted.map(whoOf))].filter((who) => who !== "limit");
  const [left, right] = [size.left, size.left + size.width];
  const [top, bottom] = [size.top, size.top + size.height];
  const x = logAxis(plotted.map(({ parameters }) => parameters), [left, right], [1]); // prettier-ignore
  const y = logAxis(
    plotted.flatMap((r) => [r.ns_per_parameter_p10, r.ns_per_parameter_p90, r.ns_per_parameter]),
    [bottom, top],
    [1, 2, 5],
  );
  const panels = variants.map((variant, k) => {
    const series = seriesOf(plotted.filter((one) => one.variant === variant));
    const lines = series.map((one) => line(one, styleOf(one, all), x, y));
    const drawn = [...axes(x, y), ...lines, ...labels(series, all, x, y)].join("\n");
    const title = `<text x="${left}" y="${top - 12}" font-size="14" font-weight="bold">${escape(variant)}</text>`;
    return `<g transform="translate(${k * panelWidth} 0)">\n${title}\n${drawn}\n</g>`;
  });
  const width = Math.max(variants.length * panelWidth, 760);
  const height = bottom + size.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="bold">Time of a step, by the number of parameters</text>`,
    `<text x="16" y="46" fill="#555">${escape(describeMachine(report))}; bars from p10 to p90</text>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function axes(x: Axis, y: Axis): string[] {
  const [left, right] = [size.left, size.left + size.width];
  const bottom = size.top + size.height;
  const middle = size.top + size.height / 2;
  return [
    ...y.ticks.map((tick) => {
      const at = round(y.at(tick));
      return `<path d="M${left} ${at}H${right}" stroke="#ddd"/><text x="${left - 8}" y="${at + 4}" text-anchor="end">${tick}</text>`;
    }),
    ...x.ticks.map((tick) => {
      const at = round(x.at(tick));
      const text = tick >= 1e4 ? tick.toExponential().replace("e+", "e") : String(tick);
      return `<path d="M${at} ${size.top}V${bottom}" stroke="#eee"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
    }),
    `<path d="M${left} ${size.top}V${bottom}H${right}" fill="none" stroke="#777"/>`,
    `<text x="${(left + right) / 2}" y="${bottom + 40}" text-anchor="middle">parameters</text>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">ns a parameter</text>`,
  ];
}

function line({ points, dashed, who }: Series, { colour, mark }: Style, x: Axis, y: Axis): string {
  const at = points.map((r) => [round(x.at(r.parameters)), round(y.at(r.ns_per_parameter))] as const);
  const dash = dashed ? ' stroke-dasharray="5 4"' : "";
  const bars = points.map((r, k) => {
    const [low, high] = [r.ns_per_parameter_p10, r.ns_per_parameter_p90].map((value) => round(y.at(value)));
    return `M${at[k]?.[0]} ${low}V${high}`;
  });
  const width = who === "limit" ? 3 : 1.8;
  return [
    `<path d="${bars.join("")}" stroke="${colour}" stroke-opacity="0.45"/>`,
    `<polyline points="${at.map((pair) => pair.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="${width}"${dash}/>`,
    ...at.map(([cx, cy]) => shape(mark, cx, cy, colour, !dashed)),
  ].join("\n");
}

/** A mark, filled or hollow. */
function shape(mark: Style["mark"], cx: number, cy: number, colour: string, filled: boolean): string {
  const paths: Readonly<Record<Style["mark"], string>> = {
    circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
    square: "M-3.6 -3.6h7.2v7.2h-7.2Z",
    triangle: "M0 -4.6L4.4 3.4H-4.4Z",
    diamond: "M0 -5L5 0L0 5L-5 0Z",
    cross: "M-4 -4L4 4M4 -4L-4 4",
    down: "M0 4.6L4.4 -3.4H-4.4Z",
  };
  const fill = filled ? colour : "#fff";
  return `<path transform="translate(${cx} ${cy})" d="${paths[mark]}" fill="${fill}" stroke="${colour}" stroke-width="1.6"/>`;
}

/** The names, at the ends of their lines. */
function labels(series: readonly Series[], all: readonly string[], x: Axis, y: Axis): string[] {
  const right = size.left + size.width;
  const ends = series.map(({ points }) => points.at(-1) as Result);
  const wanted = ends.map((end) => y.at(end.ns_per_parameter));
  const places = spreadOut(wanted, 16, [size.top, size.top + size.height]);
  return series.map((one, k) => {
    const { colour, mark } = styleOf(one, all);
    const [from, to] = [round(wanted[k] as number), round(places[k] as number)];
    const start = round(x.at((ends[k] as Result).parameters)) + 7;
    return [
      `<path d="M${start} ${from}L${right + 6} ${to}H${right + 12}" fill="none" stroke="${colour}" stroke-opacity="0.5"/>`,
      shape(mark, right + 20, to, colour, !one.dashed),
      `<text x="${right + 30}" y="${to + 4}">${escape(one.name)}</text>`,
    ].join("\n");
  });
}
