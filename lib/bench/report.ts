import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { info } from "..";
import { root } from "../native/here";
import type { CudaDevice } from "../native/engine";
import type { Result } from "./measure";

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
  results: Result[];
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

export function makeReport(results: Result[], repeats: number): Report {
  const onGpu = results.some(({ device }) => device === "cuda") ? gpu() : null;
  return { schema: 2, ...provenance(onGpu), repeats, results };
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
