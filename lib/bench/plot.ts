// A plot of a report: time a parameter against size, a panel a variant, and in it one line a contestant, which is named where it ends.
// It is written as SVG, on a ground of its own, and can be read without colours: by marks, dashes and names.
import { logAxis, spreadOut, type Axis } from "./axis";
import type { Mode, Model, Device } from "./cases";
import { drawMark } from "./marks";
import type { Result } from "./measure";
import { describeMachine, type Report } from "./report";
import { seriesIn, type Series } from "./series";

/** Panels in a row. */
const columns = 2;
/** Pixels from one name to the next, and of a character, about. */
const gap = 16;
const character = 6.6;

interface Size {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  /** Of the names beside a panel. */
  readonly label: number;
}

interface Frame {
  readonly size: Size;
  readonly x: Axis;
  readonly y: Axis;
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const round = (value: number): number => Number(value.toFixed(2));

/** What is plotted: synchronous steps over one tensor. */
const isShown = ({ mode, tensors }: Pick<Result, "mode" | "tensors">): boolean => mode === "sync" && tensors === 1;

/** Whether anything of ours will be plotted of what is to be measured. */
export function isPlotted(plan: { device: Device; modes: readonly Mode[]; models: readonly Model[] }): boolean {
  const modes = plan.device === "cuda" ? (["sync"] as const) : plan.modes;
  return plan.models.some(({ lengths }) => modes.some((mode) => isShown({ mode, tensors: lengths.length })));
}

/** An SVG of a report's synchronous results, one panel a variant, in rows. */
export function plotReport(report: Report): string {
  const plotted = report.results.filter(isShown);
  const variants = [...new Set(plotted.map(({ variant }) => variant))];
  if (variants.length === 0) throw new Error("there is nothing to plot: --svg shows synchronous steps over tensors of --sizes");
  const seriesOf = seriesIn(plotted);
  const panels = variants.map((variant) => ({ variant, series: seriesOf(plotted.filter((one) => one.variant === variant)) }));
  const size = sizeFor(panels.map(({ series }) => series));
  const x = logAxis(plotted.map(({ parameters }) => parameters), [size.left, size.left + size.width], [1]); // prettier-ignore
  const [panelWidth, panelHeight] = [size.left + size.width + size.label, size.height + size.bottom + 32];
  const drawn = panels.map(({ variant, series }, k) => {
    const at = [(k % columns) * panelWidth, Math.floor(k / columns) * panelHeight];
    const title = `<text x="${size.left}" y="${size.top - 12}" font-size="14" font-weight="bold">${escape(variant)}</text>`;
    const frame = { size, x, y: timesOf(series, size) };
    const parts = [...axes(frame), ...series.map((one) => line(one, frame)), ...labels(series, frame)];
    return `<g transform="translate(${at.join(" ")})">\n${title}\n${parts.join("\n")}\n</g>`;
  });
  const subtitle = `${describeMachine(report)}; bars from p10 to p90`;
  const width = Math.ceil(Math.max(Math.min(variants.length, columns) * panelWidth, 32 + character * subtitle.length));
  const height = size.top - 32 + Math.ceil(variants.length / columns) * panelHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="bold">Time of a step, by the number of parameters</text>`,
    `<text x="16" y="46" fill="#555">${escape(subtitle)}</text>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

/** The size that all panels have. */
function sizeFor(panels: readonly (readonly Series[])[]): Size {
  const names = panels.flat().map(({ name }) => name.length);
  const most = Math.max(...panels.map(({ length }) => length));
  return {
    ...{ width: 400, height: Math.max(320, gap * (most - 1)), left: 64, top: 88, bottom: 56 },
    label: Math.ceil(46 + character * Math.max(...names)),
  };
}

/** The axis of a panel's times. Peers, of which the plain variant alone has any, would leave little of a common one to the others. */
function timesOf(series: readonly Series[], { top, height }: Size): Axis {
  const times = series.flatMap(({ points }) =>
    points.flatMap((r) => [r.ns_per_parameter_p10, r.ns_per_parameter_p90, r.ns_per_parameter]),
  );
  return logAxis(times, [top + height, top], [1, 2, 5]);
}

function axes({ size, x, y }: Frame): string[] {
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

const dashed = (dash: string): string => (dash === "" ? "" : ` stroke-dasharray="${dash}"`);

function line({ points, style: { colour, mark, fill, dash } }: Series, { x, y }: Frame): string {
  const at = points.map((r) => [round(x.at(r.parameters)), round(y.at(r.ns_per_parameter))] as const);
  const bars = points.map((r, k) => {
    const [low, high] = [r.ns_per_parameter_p10, r.ns_per_parameter_p90].map((value) => round(y.at(value)));
    return `M${at[k]?.[0]} ${low}V${high}`;
  });
  const width = mark === null ? 3 : 1.8;
  return [
    `<path d="${bars.join("")}" stroke="${colour}" stroke-opacity="0.45"/>`,
    `<polyline points="${at.map((pair) => pair.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="${width}"${dashed(dash)}/>`,
    ...at.map(([cx, cy]) => drawMark(mark, fill, colour, cx, cy)),
  ].join("\n");
}

/** The names, at the ends of their lines. */
function labels(series: readonly Series[], { size, x, y }: Frame): string[] {
  const right = size.left + size.width;
  const ends = series.map(({ points }) => points.at(-1) as Result);
  const wanted = ends.map((end) => y.at(end.ns_per_parameter));
  const places = spreadOut(wanted, gap, [size.top, size.top + size.height]);
  return series.map(({ name, style: { colour, mark, fill, dash } }, k) => {
    const [from, to] = [round(wanted[k] as number), round(places[k] as number)];
    const start = round(x.at((ends[k] as Result).parameters)) + 7;
    return [
      `<path d="M${start} ${from}L${right + 6} ${to}H${right + 8}" fill="none" stroke="${colour}" stroke-opacity="0.5"/>`,
      `<path d="M${right + 8} ${to}H${right + 26}" stroke="${colour}" stroke-width="1.8"${dashed(dash)}/>`,
      drawMark(mark, fill, colour, right + 20, to),
      `<text x="${right + 30}" y="${to + 4}">${escape(name)}</text>`,
    ].join("\n");
  });
}
