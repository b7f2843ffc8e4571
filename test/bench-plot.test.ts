// The plot of a benchmark: every line can be told apart and found again in every panel, also without colours.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spreadOut } from "../lib/bench/axis";
import { variants } from "../lib/bench/cases";
import { marks } from "../lib/bench/marks";
import type { Result } from "../lib/bench/measure";
import { isPlotted, plotReport } from "../lib/bench/plot";
import { makeReport, type Report } from "../lib/bench/report";

const result = (optimizer: string, backend: string, memory: string, parameters: number, ns: number, more: object = {}) => ({
  ...{ optimizer, backend, memory, mode: "sync", dtype: "float32", device: "cpu", threads: 1, variant: "plain" },
  ...{ model: String(parameters), tensors: 1, parameters, ns_per_parameter: ns, ns_per_parameter_p10: ns * 0.9 },
  ...{ ns_per_parameter_p90: ns * 1.1, gb_per_s: 1, limit_ns_per_parameter: 1, ratio_to_limit: 1, ratio_to_javascript: null },
  ...more,
});
const sizeOf = (svg: string) => /^<svg [^>]*width="(\d+)" height="(\d+)"/.exec(svg)?.slice(1).map(Number);

describe("the plot of a benchmark", () => {
  const backends = ["avx512", "avx2", "scalar"];
  const results = [1e4, 1e6].flatMap((size) => [
    result("limit", "limit", "allocated", size, 0.3),
    ...backends.flatMap((backend, k) =>
      ["allocated", "ordinary"].map((memory) => result("AdaBelief", backend, memory, size, 0.4 + k / 100)),
    ),
    result("JavaScript loop", "javascript", "ordinary", size, 6),
  ]) as Result[];
  const svg = plotReport(makeReport(results, 3));

  it("has one line a series, of as many points as there are sizes", () => {
    const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) => points?.split(" ").length);
    expect(lines).toEqual(Array(8).fill(2));
  });

  it("names every line once, and no two names lie over each other", () => {
    const names = [...svg.matchAll(/<text x="494" y="([\d.]+)">([^<]+)</g)];
    const wanted = [
      "memory baseline",
      ...backends.flatMap((one) => [`${one}, allocated`, `${one}, ordinary`]),
      "JavaScript loop",
    ];
    expect(names.map(([, , name]) => name).sort()).toEqual(wanted.sort());
    const places = names.map(([, at]) => Number(at)).sort((a, b) => a - b);
    places.slice(1).forEach((at, k) => expect(at - (places[k] as number)).toBeGreaterThanOrEqual(15.9));
  });

  it("can be read without colours: dashes for ordinary memory, a mark for each backend", () => {
    const dashed = [...svg.matchAll(/<polyline[^>]*stroke-dasharray/g)];
    expect(dashed).toHaveLength(4);
    const marks = new Set([...svg.matchAll(/<path transform="[^"]+" d="([^"]+)"/g)].map(([, d]) => d));
    expect(marks.size).toBe(5);
  });

  it("has a ground of its own, so that it can be read on dark pages", () => {
    expect(svg).toMatch(/^<svg [^>]*>\n<rect [^>]*fill="#fff"/);
  });

  it("draws no ground for more rows than there are", () => {
    expect(sizeOf(svg)).toEqual([expect.any(Number), 464]);
  });

  it("keeps names within the panel, however many there are", () => {
    const places = spreadOut(Array<number>(12).fill(300), 16, [88, 408]);
    expect(Math.max(...places)).toBeLessThanOrEqual(408);
    expect(Math.min(...places)).toBeGreaterThanOrEqual(88);
    expect(new Set(places).size).toBe(12);
  });
});

/** How a panel draws each name: colour, mark, what is in it, dash. */
function stylesIn(panel: string): Map<string, string> {
  const label =
    /<path d="[^"]+" stroke="([^"]+)" stroke-width="1.8"([^/]*)\/>\n((?:<[^\n]*?\/>)+)\n<text x="494" y="[\d.]+">([^<]+)</g;
  const styles = new Map<string, string>();
  for (const [, colour, dash, mark, name] of panel.matchAll(label)) {
    styles.set(name as string, [colour, dash, mark?.replaceAll(/ transform="[^"]+"/g, "")].join("|"));
  }
  return styles;
}
const panelsOf = (svg: string) => svg.split("<g transform=").slice(1);

describe("the plot of a benchmark with all that there is", () => {
  const peers = [
    ...["tfjs-cpu", "tfjs-wasm"].flatMap(
      (backend) =>
        [
          ["tfjs Adam", backend],
          ["AdaBelief in tfjs", backend],
        ] as const,
    ),
    ...([
      ["ruvector AdamW", "ruvector"],
      ["PyTorch fused Adam", "torch-fused-adam"],
      ["PyTorch foreach Adam", "torch-foreach-adam"],
    ] as const),
    ...([
      ["PyTorch plain AdaBelief", "torch-adabelief"],
      ["PyTorch copy", "torch-copy"],
    ] as const),
  ];
  const results = variants.flatMap(({ name, optimizer }, v) =>
    [1e4, 1e6].flatMap((size) => [
      ...[1, 2, 4].map((threads) => result("limit", "limit", "allocated", size, 0.3 / threads, { variant: name, threads })),
      ...["avx512", "avx2", "scalar"].flatMap((backend, k) =>
        [1, 2, 4].flatMap((threads) =>
          ["allocated", "ordinary"].map((memory) =>
            result(optimizer, backend, memory, size, (0.4 + k / 10 + v / 50) / threads, { variant: name, threads }),
          ),
        ),
      ),
      ...(name === "plain" ? [result("JavaScript loop", "javascript", "ordinary", size, 6)] : []),
      ...(name === "plain" ? peers.map(([who, backend], k) => result(who, backend, "ordinary", size, 1 + k)) : []),
    ]),
  ) as Result[];
  const svg = plotReport(makeReport(results, 3));
  const panels = panelsOf(svg).map(stylesIn);

  it("has a panel for each variant, in rows, and no wider than two panels", () => {
    expect(panels).toHaveLength(variants.length);
    const places = [...svg.matchAll(/<g transform="translate\((\d+) (\d+)\)"/g)].map(([, x, y]) => `${x} ${y}`);
    expect(new Set(places).size).toBe(variants.length);
    const [width, height] = sizeOf(svg) as [number, number];
    expect(width).toBeLessThanOrEqual(1600);
    expect(height).toBeGreaterThan(464 * Math.ceil(variants.length / 2) * 0.8);
  });

  it("names three threads and two memories of three backends, and everyone else, in its first panel", () => {
    expect(panels[0]?.size).toBe(3 + 18 + 1 + peers.length);
  });

  it("draws no two lines of a panel alike", () => {
    for (const styles of panels) expect(new Set(styles.values()).size).toBe(styles.size);
  });

  it("draws no two lines of a panel alike without colours either", () => {
    const bare = (style: string) => style.replaceAll(/#[0-9a-f]{6}/g, "#");
    for (const styles of panels) expect(new Set([...styles.values()].map(bare)).size).toBe(styles.size);
  });

  it("draws who runs alike in every panel, whichever optimizer it is", () => {
    const [first, ...rest] = panels as [Map<string, string>, ...Map<string, string>[]];
    for (const styles of rest) for (const [name, style] of styles) expect([name, first.get(name)]).toEqual([name, style]);
  });

  it("keeps names within their panel's height", () => {
    const [panelHeight] = [...svg.matchAll(/<g transform="translate\(0 (\d+)\)"/g)].map(([, y]) => Number(y)).slice(1);
    for (const [, y] of svg.matchAll(/<text x="494" y="([\d.]+)"/g)) expect(Number(y)).toBeLessThan((panelHeight as number) + 56);
  });
});

it("there are as many marks as may be needed at once", () => {
  expect(marks.length).toBeGreaterThanOrEqual(3 + 1 + 9); // backends of a machine, JavaScript, peers
});

describe("the pictures that are published", () => {
  const folder = join(__dirname, "../bench/results");
  it.each(readdirSync(folder).filter((name) => name.endsWith(".svg")))("%s is drawn from its figures as today", (name) => {
    const report = JSON.parse(readFileSync(join(folder, name.replace(".svg", ".json")), "utf8")) as Report;
    expect(plotReport(report)).toBe(readFileSync(join(folder, name), "utf8"));
  });
});

describe("a plan is plotted", () => {
  const one = { name: "1e4", lengths: [1e4] };
  const many = { name: "two", lengths: [1, 2] };
  it.each<[string, Parameters<typeof isPlotted>[0], boolean]>([
    ["one tensor, sync", { device: "cpu", modes: ["sync"], models: [one] }, true],
    ["a model and one tensor", { device: "cpu", modes: ["async", "sync"], models: [many, one] }, true],
    ["a model", { device: "cpu", modes: ["sync"], models: [many] }, false],
    ["async", { device: "cpu", modes: ["async"], models: [one] }, false],
    ["async on a device, which has no modes", { device: "cuda", modes: ["async"], models: [one] }, true],
  ])("%s: %j", (_, plan, wanted) => {
    expect(isPlotted(plan)).toBe(wanted);
  });
});
