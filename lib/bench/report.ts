import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { info } from "..";
import { root } from "../native/here";
import type { CudaDevice } from "../native/engine";
import type { Result } from "./measure";
import { spread } from "./statistics";

/** What was measured on, where that is no processor. */
interface Gpu {
  name: string;
  memory_gb: number;
  /** The version of NVIDIA's driver, and of the CUDA it is made for. */
  driver: string;
  cuda: string;
}

/** When, where and with what something was measured. */
export interface Provenance {
  date: string;
  machine: { cpu: string; cores: number; memory_gb: number; node: string; platform: string; libc: string; gpu: Gpu | null };
  version: string;
  /** The commit of the checkout, or null outside of one. */
  commit: string | null;
}

export interface Report extends Provenance {
  schema: 2;
  repeats: number;
  /** How far the samples of a contestant lie apart, as a rule: the median of (p90 − p10)/median. On an idle machine it is a few percent. */
  spread: number;
  /** The peers that were asked for and are not installed; null where none was asked for. */
  missing_peers: readonly string[] | null;
  results: Result[];
}

/** A spread above this says that other programs took part in the measurement. */
const busy = 0.15;

/** What a reader of the results should know. */
export function notesOn({ spread: wide, missing_peers }: Pick<Report, "spread" | "missing_peers">): string[] {
  const notes: string[] = [];
  if (wide > busy) {
    const percent = `${Math.round(100 * wide)} %`;
    notes.push(
      `The machine was busy: p10 and p90 lie ${percent} of the median apart, as a rule. Ratios say more than times here.`,
    );
  }
  if (missing_peers !== null && missing_peers.length > 0) {
    notes.push(`Peers that are not installed: ${missing_peers.join(", ")} (npm ci --prefix bench/peers; pip install torch).`);
  }
  return notes;
}

function commit(): string | null {
  const { status, stdout } = spawnSync("git", ["-C", root, "rev-parse", "--short=12", "HEAD"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

function gpu(): Gpu {
  const { devices, driver } = info().cuda;
  const { name, memory } = devices[0] as CudaDevice;
  const asked = spawnSync("nvidia-smi", ["--query-gpu=driver_version", "--format=csv,noheader", "--id=0"], { encoding: "utf8" });
  const version = asked.status === 0 ? asked.stdout.trim() : "unknown";
  return { name, memory_gb: Math.round(memory / 1e9), driver: version, cuda: driver?.version ?? "unknown" };
}

export function provenance(on: Gpu | null = null): Provenance {
  const { version, node, platform, libc } = info();
  const list = cpus();
  const machine = {
    cpu: list[0]?.model ?? "unknown",
    cores: list.length,
    memory_gb: Math.round(totalmem() / 1e9),
    node,
    platform,
    libc,
    gpu: on,
  };
  return { date: new Date().toISOString(), machine, version, commit: commit() };
}

export function makeReport(results: Result[], repeats: number, missing_peers: readonly string[] | null = null): Report {
  const spreads = results.map((r) => (r.ns_per_parameter_p90 - r.ns_per_parameter_p10) / r.ns_per_parameter);
  const { median } = spread(spreads);
  const onGpu = results.some(({ device }) => device === "cuda") ? gpu() : null;
  return { schema: 2, ...provenance(onGpu), repeats, spread: median, missing_peers, results };
}

export const describeMachine = ({ machine, version, date }: Provenance): string =>
  `adabelief ${version} on ${machine.gpu ? `${machine.gpu.name}, CUDA ${machine.gpu.cuda}, driver ${machine.gpu.driver}; ` : ""}${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, Node ${machine.node}, ${machine.libc}, ${date.slice(0, 10)}`;

/** Aligns columns: texts to the left, figures to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[], texts: number): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] as string).length)));
  const pad = (cell: string, column: number) =>
    column < texts ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number);
  const line = (row: readonly string[]) => row.map(pad).join("  ").trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

export function resultTable(results: readonly Result[]): string {
  const header = [
    "optimizer",
    "variant",
    "backend",
    "mode",
    "memory",
    "threads",
    "parameters",
    "ns/parameter",
    "p10 – p90",
    "GB/s",
    "× limit",
    "× JavaScript",
  ];
  const rows = results.map((r) => [
    r.optimizer,
    r.variant,
    r.backend,
    r.mode,
    r.memory,
    String(r.threads),
    r.model,
    r.ns_per_parameter.toFixed(3),
    `${r.ns_per_parameter_p10.toFixed(3)} – ${r.ns_per_parameter_p90.toFixed(3)}`,
    r.gb_per_s.toFixed(1),
    r.ratio_to_limit.toFixed(2),
    r.ratio_to_javascript?.toFixed(1) ?? "",
  ]);
  return formatTable(header, rows, 5);
}
