import { defaultSizes, variants } from "../../bench/cases";
import { describeMachine, makeReport, resultTable } from "../../bench/report";
import { runPlan } from "../../bench/run";
import { cpu } from "../cpu";
import { addon } from "../native";
import { list, oneOf, readOptions, UsageError, whole } from "./arguments";
import { bold, progress } from "./terminal";

export const benchHelp = `adabelief bench [--sizes 1e4,1e6] [--variants plain,rectified,amsgrad] [--backends ${cpu.backends.join(",")}] [--threads 1,${cpu.threads}] [--repeats 15] [--json]
  Times a step against a plain JavaScript loop in the same run, interleaved, after comparing the bits of all backends.`;

export function runBench(args: readonly string[]): void {
  const options = readOptions(args, {
    sizes: { type: "string", default: defaultSizes.join(",") },
    variants: { type: "string", default: variants.map(({ name }) => name).join(",") },
    backends: { type: "string", default: cpu.backends.join(",") },
    threads: { type: "string", default: "1" },
    repeats: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
  });
  const repeats = whole(options.repeats, 1, 10_000);
  if (repeats === undefined)
    throw new UsageError(`--repeats must be a whole number from 1 on, not ${JSON.stringify(options.repeats)}`);
  const plan = {
    sizes: list(options.sizes, "a size in --sizes", (text) => whole(text, 1, 1e9)),
    variants: list(options.variants, "a variant", (text) => variants.find(({ name }) => name === text)),
    backends: list(options.backends, "a backend of this machine", oneOf(cpu.backends)),
    threads: list(options.threads, "a number in --threads", (text) => whole(text, 1, addon.maxThreads)),
    repeats,
  };
  const bar = progress();
  const results = runPlan(plan, (what, share) => bar.show(what, share));
  bar.clear();
  const report = makeReport(results);
  if (options.json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  console.log(bold(describeMachine(report)));
  console.log(`Medians of ${repeats} interleaved repeats; GB/s counts the bytes that a step must move.\n`);
  console.log(resultTable(results));
}
