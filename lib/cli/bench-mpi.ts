import { efficiency, type Load, type Network } from "../bench/mpi-model";
import { measureMpi, type MpiResult } from "../bench/mpi";
import { provenance } from "../bench/report";
import type { Spread } from "../bench/statistics";
import { mpi } from "../mpi";
import { readOptions, UsageError, whole } from "./arguments";
import { bold } from "./terminal";

const most = 2 ** 30;
const modelled = [8, 64, 1000];

/** Options that are positive numbers, with their defaults. */
function positive(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Infinity) return value;
  throw new UsageError(`--${name} must be a number above 0, not ${JSON.stringify(text)}`);
}

function counted(text: string, name: string, limit: number): number {
  const value = whole(text, 1, limit);
  if (value === undefined) {
    throw new UsageError(`--${name} must be a whole number from 1 to ${limit}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** `adabelief bench --mpi`, on every rank that mpirun starts. Rank 0 prints. */
export async function runMpiBench(args: readonly string[]): Promise<void> {
  const options = readOptions(args, {
    mpi: { type: "boolean" },
    sizes: { type: "string", default: "1e7" },
    bucket: { type: "string", default: String(2 ** 20) },
    network: { type: "string", default: "25" },
    latency: { type: "string", default: "10" },
    gradients: { type: "string", default: "20" },
    repeats: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
  });
  const plan = {
    parameters: counted(options.sizes, "sizes", most),
    bucket: counted(options.bucket, "bucket", most),
    repeats: counted(options.repeats, "repeats", 10_000),
  };
  const network: Network = {
    alpha: positive(options.latency, "latency") / 1e6,
    beta: 8 / (positive(options.network, "network") * 1e9),
  };
  const gradients = (positive(options.gradients, "gradients") * plan.parameters) / 1e9;
  if (!mpi.available) throw new UsageError(`MPI cannot run here: ${mpi.reason}`);
  const world = await mpi.world();
  const result = await measureMpi(world, plan);
  if (world.rank === 0) {
    const load: Load = { ...plan, gradients, step: result.local_step_ms.median / 1e3 };
    const model = modelled.map((ranks) => ({
      ranks,
      efficiency: efficiency(network, load, ranks, false),
      efficiency_with_ready: efficiency(network, load, ranks, true),
    }));
    const report = { ...provenance(), library: mpi.library, repeats: plan.repeats, result, network, gradients, model };
    console.log(options.json ? JSON.stringify(report, null, 2) : textOf(report, options));
  }
  await world.close();
}

interface Report {
  machine: { cpu: string; cores: number; node: string };
  library: { version: string; abi: string } | null;
  result: MpiResult;
  model: { ranks: number; efficiency: number; efficiency_with_ready: number }[];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const between = ({ median, p10, p90 }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${p10.toFixed(digits)} to ${p90.toFixed(digits)})`;

function textOf(
  { machine, library, result, model }: Report,
  given: { network: string; latency: string; gradients: string },
): string {
  const { loop_delay_ms: delay, state_bytes: state, whole_state_bytes: all } = result;
  const rows: [string, string][] = [
    ["sent by a rank", `${result.bytes_per_parameter.toFixed(2)} bytes a parameter and step`],
    ["α, β", `${result.alpha_us.toFixed(2)} µs a message, ${result.beta_ns.toFixed(3)} ns a byte`],
    ["agreement", `${between(result.agreement_us, 2)} µs`],
    ["exchange", `${between(result.exchange_ms, 1)} ms, ${result.exchange_over_allreduce.toFixed(2)} of MPI_Allreduce`],
    ["MPI_Allreduce", `${between(result.allreduce_ms, 1)} ms`],
    ["step", `${between(result.step_ms, 1)} ms; alone ${between(result.local_step_ms, 1)} ms`],
    ["state", `${(state / 1e6).toFixed(1)} MB resident a rank, ${percent(state / all)} of the whole`],
    [
      "event loop",
      `p99 ${delay.sharded.toFixed(2)} ms during steps, ${delay.busy.toFixed(2)} ms with all ranks stepping alone, ${delay.idle.toFixed(2)} ms idle`,
    ],
  ];
  const table = rows.map(([name, value]) => `${name.padEnd(15)} ${value}`);
  const efficiencies = model.map(({ ranks, efficiency: share, efficiency_with_ready: hidden }) => {
    return `${String(ranks).padStart(5)} ranks: ${percent(share)}, with ready() ${percent(hidden)}`;
  });
  return [
    bold(`${result.ranks} ranks, ${result.parameters} parameters; ${machine.cpu}, ${machine.cores} cores; Node ${machine.node}`),
    `${library?.version ?? ""} (ABI: ${library?.abi ?? ""}). Medians, with p10 and p90.\n`,
    ...table,
    `\nBy the model, ${given.network} Gbit/s, ${given.latency} µs, ${given.gradients} ns of gradients a parameter, efficiency at`,
    ...efficiencies,
  ].join("\n");
}
