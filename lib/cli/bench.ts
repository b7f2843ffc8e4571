import { writeFileSync } from "node:fs";
import { defaultSizes, defaultVariants, devices, memories, models, modes, ofSize, variants, type Device } from "../bench/cases";
import { loadPlot } from "../bench/plot";
import { describeMachine, makeReport, resultTable } from "../bench/report";
import { runPlan } from "../bench/run";
import { cpu } from "../cpu";
import { cuda } from "../cuda";
import { addon } from "../native/engine";
import { list, named, readOptions, requireWritable, UsageError, whole } from "./arguments";
import { bold, progress } from "./terminal";

const names = (things: readonly { name: string }[]): string => things.map(({ name }) => name).join(",");

export const benchHelp = `adabelief bench [options]
  Times a step against the limit that memory sets and a plain JavaScript loop, interleaved in one run, after comparing the bits
  of all backends. Lists are separated by commas.
    --device cuda         on the first CUDA device, and not on the processor: what is said below of backends, threads,
                          modes and memories is the processor's
    --sizes 1e4,1e6       tensors of these sizes (default ${defaultSizes.map((size) => ofSize(size).name).join(",")}, without --models)
    --models gpt2         the tensors of models: ${names(models)}
    --variants plain      of ${names(variants)},
                          or all (default ${defaultVariants.join(",")})
    --backends avx2       of this machine's: ${cpu.backends.join(",")} (default all)
    --threads 1,2         numbers of threads (default 1)
    --modes sync,async    step and stepAsync (default sync)
    --memories ordinary   where parameters and gradients lie: in ordinary Float32Arrays, or in those of
                          cpu.allocate, allocated (default both)
    --peers               also what else is installed: in TensorFlow.js its Adam and AdaBelief (cpu, wasm),
                          @ruvector/attention's AdamW, PyTorch
    --repeats 15          turns that everyone gets
    --json                everything as JSON
    --svg FILE            a plot as well; needs the packages vega and vega-lite`;

export async function runBench(args: readonly string[]): Promise<void> {
  const options = readOptions(args, {
    device: { type: "string", default: "cpu" },
    sizes: { type: "string" },
    models: { type: "string" },
    variants: { type: "string", default: defaultVariants.join(",") },
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
  const sizes = options.sizes ?? (options.models === undefined ? defaultSizes.join(",") : undefined);
  const [device] = list(options.device, "a device", (text) => devices.find((name) => name === text)) as [Device];
  if (device === "cuda" && !cuda.available) throw new UsageError(`CUDA cannot run here: ${cuda.reason}`);
  const plan = {
    device,
    models: [
      ...(sizes === undefined ? [] : list(sizes, "a size in --sizes", (text) => whole(text, 1, 1e9)).map(ofSize)),
      ...(options.models === undefined ? [] : list(options.models, "a model", named(models))),
    ],
    variants: options.variants === "all" ? variants : list(options.variants, "a variant", named(variants)),
    backends: list(options.backends, "a backend of this machine", (text) => cpu.backends.find((name) => name === text)),
    threads: list(options.threads, "a number in --threads", (text) => whole(text, 1, addon.maxThreads)),
    modes: list(options.modes, "a mode", (text) => modes.find((name) => name === text)),
    memories: list(options.memories, "a memory", (text) => memories.find((name) => name === text)),
    peers: options.peers,
    repeats,
  };
  requireWritable("--svg", options.svg);
  const plot = options.svg === undefined ? undefined : await loadPlot();
  const bar = progress();
  const results = await runPlan(plan, (what, share) => bar.show(what, share)).finally(() => bar.clear());
  const report = makeReport(results, repeats);
  if (options.svg !== undefined && plot !== undefined) writeFileSync(options.svg, await plot(report));
  if (options.json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  console.log(bold(describeMachine(report)));
  console.log(`Medians of ${repeats} interleaved repeats; GB/s counts the bytes that a step must move.\n`);
  console.log(resultTable(results));
}
