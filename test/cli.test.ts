import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shapes } from "../lib/bench/shapes";
import { info } from "../lib";

function adabelief(...args: string[]) {
  const main = join(__dirname, "../dist/lib/cli/main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8", env: { ...process.env } });
  return { status, stdout, stderr };
}

describe("adabelief info", () => {
  it("says what runs where", () => {
    const { status, stdout, stderr } = adabelief("info");
    expect([status, stderr]).toEqual([0, ""]);
    for (const fact of [info().version, info().platform, info().libc, info().binary.path, info().backend]) {
      expect(stdout).toContain(fact);
    }
  });
  it("prints with --json what info() returns", () => {
    expect(JSON.parse(adabelief("info", "--json").stdout)).toEqual(info());
  });
});

describe("adabelief bench", () => {
  const quick = ["bench", "--sizes", "100,1e4", "--variants", "plain,amsgrad", "--repeats", "2"];

  it("prints a table, and no control characters into a pipe", () => {
    const { status, stdout, stderr } = adabelief(...quick);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ns\/parameter/);
    expect(stdout).toMatch(/^JavaScript loop +plain +javascript +sync +ordinary +1 +1e4 .* 1\.0$/m);
    expect(stdout).toMatch(/^AdaBelief +amsgrad +scalar +sync +allocated +1 +1e4 .*[0-9]$/m);
    // eslint-disable-next-line no-control-regex -- that is the question
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it("prints one result a size, variant and contestant with --json", () => {
    const report = JSON.parse(adabelief(...quick, "--backends", "scalar", "--json").stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ schema: 2, version: info().version, machine: { node: process.version } });
    const results = report["results"] as Record<string, unknown>[];
    expect(results).toHaveLength(2 * (4 + 3)); // plain: limit, both memories, JavaScript loop; amsgrad has no loop
    for (const result of results) {
      const figures = ["ns_per_parameter", "ns_per_parameter_p10", "ns_per_parameter_p90", "gb_per_s", "limit_ns_per_parameter"];
      for (const figure of [...figures, "ratio_to_limit"]) expect(result[figure]).toBeGreaterThan(0);
      if (result["variant"] === "plain") expect(result["ratio_to_javascript"]).toBeGreaterThan(0);
      else expect(result["ratio_to_javascript"]).toBeNull();
      expect(result).toMatchObject({ dtype: "float32", device: "cpu", mode: "sync", tensors: 1 });
    }
  });
});

describe("adabelief bench --models --svg", () => {
  it("measures a model's tensors in both modes, and plots sizes", () => {
    const folder = mkdtempSync(join(tmpdir(), "adabelief-bench-"));
    const svg = join(folder, "plot.svg");
    const common = ["--variants", "plain", "--backends", "scalar", "--memories", "ordinary", "--repeats", "1", "--json"];
    const model = adabelief("bench", "--models", "1000x1000", "--modes", "sync,async", "--threads", "2", ...common);
    const { results } = JSON.parse(model.stdout) as {
      results: { optimizer: string; mode: string; tensors: number; threads: number }[];
    };
    const steps = results.filter(({ optimizer }) => optimizer === "AdaBelief");
    expect(steps.map(({ mode, tensors, threads }) => [mode, tensors, threads])).toEqual([
      ["sync", 1000, 2],
      ["async", 1000, 2],
    ]);
    const sizes = adabelief("bench", "--sizes", "1000,1e4", "--svg", svg, ...common);
    expect(sizes.status).toBe(0);
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg.*limit/s);
    rmSync(folder, { recursive: true });
  });
});

describe("the models' tensors", () => {
  it.each([
    ["resnet50", 161, 25_557_032],
    ["gpt2", 148, 124_439_808],
    ["lstm", 14, 24_221_600],
    ["1000x1000", 1000, 1_000_000],
  ])("%s: %d tensors of %d parameters", (name, tensors, parameters) => {
    const lengths = shapes[name] as readonly number[];
    expect([lengths.length, lengths.reduce((a, b) => a + b, 0)]).toEqual([tensors, parameters]);
  });
});

describe("bad usage is one clear line and exit code 2", () => {
  it.each([
    [[], /a command is missing: info, bench/],
    [["train"], /there is no command "train": info, bench/],
    [["toString"], /there is no command "toString"/],
    [["info", "--yaml"], /Unknown option '--yaml'/],
    [["info", "extra"], /Unexpected argument 'extra'/],
    [["bench", "--sizes", "1e4,many"], /a size in --sizes cannot be "many"/],
    [["bench", "--sizes", "0.5"], /a size in --sizes cannot be "0.5"/],
    [["bench", "--sizes"], /--sizes <value>' argument missing/],
    [["bench", "--variants", "fast"], /a variant cannot be "fast"/],
    [["bench", "--backends", "mmx"], /a backend of this machine cannot be "mmx"/],
    [["bench", "--models", "bert"], /a model cannot be "bert"/],
    [["bench", "--modes", "later"], /a mode cannot be "later"/],
    [["bench", "--device", "tpu"], /a device cannot be "tpu"/],
    [["bench", "--threads", "0"], /a number in --threads cannot be "0"/],
    [["bench", "--svg", "no/such/folder/plot.svg"], /--svg cannot be written: .*no.such.folder/],
    [["bench", "--repeats", "0"], /--repeats must be a whole number from 1 on, not "0"/],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = adabelief(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
  it.each([["--help"], ["bench", "--help"]])("but not %s %s", (...args) => {
    const { status, stdout } = adabelief(...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/adabelief bench \[options\][^]*--json/);
  });
});
