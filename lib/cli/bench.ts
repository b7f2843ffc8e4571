import { writeFileSync } from "node:fs";
import { defaults, devices, memories, models, modes, ofSize, variants, type Device } from "../bench/cases";
import { isPlotted, plotReport } from "../bench/plot";
import { missingPeers } from "../bench/peers";
import { describeMachine, makeReport, notesOn, resultTable } from "../bench/report";
import { runPlan } from "../bench/run";
import { cpu } from "../cpu";
import { cuda } from "../cuda";
import { addon } from "../native/engine";
import { choose, chooseNamed, list, readOptions, requireSvg, UsageError, whole } from "./arguments";
import { bold, progress } from "./terminal";

const names = (things: readonly { name: string }[]): string => things.map(({ name }) => name).join(",");
const sizesOf = ({ sizes }: { sizes: readonly number[] }): string => names(sizes.map(ofSize));
const { short, full } = defaults;

export const benchHelp = `adabelief bench [options]
  Times a step against the limit that memory sets and a plain JavaScript loop, interleaved in one run, after comparing the bits
  of all backends. Lists are separated by commas.
    --device cuda         on the first CUDA device, and not on the processor: what is said below of backends, threads,
                          modes and memories is the processor's
    --full                some minutes: sizes ${sizesOf(full)}; variants ${full.variants.join(",")}
    --sizes 1e4,1e6       tensors of these sizes (default ${sizesOf(short)}, without --models)
    --models gpt2         the tensors of models: ${names(models)}
    --variants plain      of ${names(variants)},
                          or all (default ${short.variants.join(",")})
    --backends avx2       of this machine's: ${cpu.backends.join(",")} (default all)
    --threads 1,2         numbers of threads (default 1)
    --modes sync,async    step and stepAsync (default sync)
    --memories ordinary   where parameters and gradients lie: in ordinary Float32Arrays, or in those of
                          cpu.allocate, allocated (default both)
    --peers               also what else is installed: in TensorFlow.js its Adam and AdaBelief (cpu, wasm),
                          @ruvector/attention's AdamW, PyTorch
    --repeats 15          turns that everyone gets
    --json                everything as JSON
    --svg FILE.svg        a plot as well
mpirun -n 4 npx adabelief bench --mpi [options]
  Times exchanges and steps over the ranks of an MPI job: bytes, α and β, agreement, the exchange against MPI_Allreduce, memory of a
  state, the event loop's delay. Then the efficiency at 8, 64 and 1000 ranks of a network, by a model. Of the options above it has
  --sizes (one, default 1e7), --repeats and --json.
    --bucket 1048576      as of Sharded
    --network 25          the network's Gbit/s
    --latency 10          its microseconds a message
    --gradients 20        nanoseconds that the gradient of a parameter takes`;

export async function runBench(args: readonly string[]): Promise<void> {
  if (args.includes("--mpi")) return (await import("./bench-mpi.js")).runMpiBench(args);
  const options = readOptions(args, {
    device: { type: "string", default: "cpu" },
    sizes: { type: "string" },
    models: { type: "string" },
    full: { type: "boolean", default: false },
    variants: { type: "string" },
    backends: { type: "string", default: cpu.backends.join(",") },
    threads: { type: "string", default: "1" },
    modes: { type: "string", default: "sync" },
    memories: { type: "string", default: memories.join(",") },
    repeats: { type: "string", default: "15" },
    peers: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    svg: { type: "string" },
  });
  const repeats = whole(options.repeats, 1, 10_000);
  if (repeats === undefined)
    throw new UsageError(`--repeats must be a whole number from 1 on, not ${JSON.stringify(options.repeats)}`);
  const usual = options.full ? full : short;
  const sizes = options.sizes ?? (options.models === undefined || options.full ? usual.sizes.join(",") : undefined);
  const [device, ...others] = choose(options.device, "a device", devices) as [Device, ...Device[]];
  if (others.length > 0) throw new UsageError("--device takes one device");
  if (device === "cuda" && !cuda.available) throw new UsageError(`CUDA cannot run here: ${cuda.reason}`);
  const plan = {
    device,
    models: [
      ...(sizes === undefined ? [] : list(sizes, "a size in --sizes", (text) => whole(text, 1, 1e9)).map(ofSize)),
      ...(options.models === undefined ? [] : chooseNamed(options.models, "a model", models)),
    ],
    variants:
      options.variants === "all" ? variants : chooseNamed(options.variants ?? usual.variants.join(","), "a variant", variants),
    backends: choose(options.backends, "a backend of this machine", cpu.backends),
    threads: list(options.threads, "a number in --threads", (text) => whole(text, 1, addon.maxThreads)),
    modes: choose(options.modes, "a mode", modes),
    memories: choose(options.memories, "a memory", memories),
    peers: options.peers,
    repeats,
  };
  if (plan.peers && !plan.variants.some(({ name }) => name === "plain")) {
    throw new UsageError("--peers run beside the variant plain alone: add it to --variants");
  }
  if (options.svg !== undefined && !isPlotted(plan)) {
    throw new UsageError("--svg shows synchronous steps over tensors of --sizes: there are none here");
  }
  await requireSvg(options.svg);
  const bar = progress();
  const results = await runPlan(plan, (what, share) => bar.show(what, share)).finally(() => bar.clear());
  const report = makeReport(results, repeats, options.peers ? missingPeers(results) : null);
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    console.log(bold(describeMachine(report)));
    console.log(`Medians of ${repeats} interleaved repeats; GB/s counts the bytes that a step must move.\n`);
    console.log(resultTable(results));
    for (const note of notesOn(report)) console.log(`\n${note}`);
  }
  // The plot comes last: where it fails, the results are there already.
  if (options.svg !== undefined) writeFileSync(options.svg, plotReport(report));
}
