// `adabelief bench --mpi` measures on all ranks, and rank 0 prints.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { MpiResult } from "../../lib/bench/mpi";
import { eachLauncher, run } from "./helpers/ranks";

const command = join(__dirname, "..", "..", "dist", "lib", "cli", "main.js");
const small = ["bench", "--mpi", "--sizes", "30000", "--bucket", "8000", "--repeats", "2"];

interface Report {
  library: { abi: string };
  result: MpiResult;
  model: { ranks: number; efficiency: number; efficiency_with_ready: number }[];
}

eachLauncher((launcher) => {
  it("prints a report, once", () => {
    const { status, stdout, stderr } = run(launcher, 2, [command, ...small, "--network", "100", "--latency", "2"]);
    expect([status, stderr]).toEqual([0, stderr]);
    expect(stdout.split("\n")[0]).toMatch(/2 ranks, 30000 parameters; .* cores; Node v/);
    expect(stdout).toContain("4.00 bytes a parameter and step");
    expect(stdout).toContain("By the model, 100 Gbit/s, 2 µs, 20 ns of gradients a parameter");
    expect(stdout.match(/^ *(8|64|1000) ranks: \d+ %, with ready\(\) \d+ %$/gm)).toHaveLength(3);
  });

  it("prints the same as JSON", () => {
    const { status, stdout } = run(launcher, 3, [command, ...small, "--json"]);
    expect(status).toBe(0);
    const { library, result, model } = JSON.parse(stdout) as Report;
    expect(library.abi).toBe(launcher.name);
    expect(result).toMatchObject({ ranks: 3, parameters: 30000, bucket: 8000 });
    expect(result.bytes_per_parameter).toBeCloseTo(16 / 3, 12);
    for (const key of ["alpha_us", "exchange_over_allreduce"] as const) expect(result[key]).toBeGreaterThan(0);
    expect(model.map(({ ranks }) => ranks)).toEqual([8, 64, 1000]);
    for (const one of model) expect(one.efficiency_with_ready).toBeGreaterThanOrEqual(one.efficiency);
  });
});

it.each([
  [["--sizes", "0"], "--sizes must be a whole number from 1 to"],
  [["--bucket", "x"], "--bucket must be a whole number from 1 to"],
  [["--network", "0"], "--network must be a number above 0"],
  [["--latency", ""], "--latency must be a number above 0"],
  [["--models", "gpt2"], "Unknown option '--models'"],
])("refuses %j", (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [command, "bench", "--mpi", ...args], { encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});
