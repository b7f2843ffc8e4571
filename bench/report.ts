import { cpus, totalmem } from "node:os";
import { info } from "../lib/index";
import type { Result } from "./measure";

export interface Report {
  schema: 1;
  date: string;
  machine: { cpu: string; cores: number; memory_gb: number; node: string; platform: string; libc: string };
  version: string;
  results: Result[];
}

export function makeReport(results: Result[]): Report {
  const { version, node, platform, libc } = info();
  const list = cpus();
  const machine = {
    cpu: list[0]?.model ?? "unknown",
    cores: list.length,
    memory_gb: Math.round(totalmem() / 1e9),
    node,
    platform,
    libc,
  };
  return { schema: 1, date: new Date().toISOString(), machine, version, results };
}

export const describeMachine = ({ machine, version }: Report): string =>
  `adabelief ${version} on ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, Node ${machine.node}, ${machine.libc}`;

/** Aligns columns: the first two to the left, figures to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)))
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

const size = (count: number): string => (count >= 1e4 ? count.toExponential().replace("e+", "e") : String(count));

export function resultTable(results: readonly Result[]): string {
  const header = ["variant", "backend", "threads", "parameters", "ns/parameter", "p10 – p90", "GB/s", "× JavaScript"];
  const rows = results.map((r) => [
    r.variant,
    r.backend,
    String(r.threads),
    size(r.parameters),
    r.ns_per_parameter.median.toFixed(3),
    `${r.ns_per_parameter.p10.toFixed(3)} – ${r.ns_per_parameter.p90.toFixed(3)}`,
    r.gb_per_s.toFixed(1),
    r.ratio_to_javascript.toFixed(1),
  ]);
  return formatTable(header, rows);
}
