import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingPeers } from "../lib/bench/peers";
import { notesOn } from "../lib/bench/report";
import { shapes } from "../lib/bench/shapes";
import { requireSvg } from "../lib/cli/arguments";
import { progress } from "../lib/cli/terminal";
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

/** What the command does where its output cannot be written. */
function intoFull(...args: string[]) {
  const main = join(__dirname, "../dist/lib/cli/main.js");
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8", stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  return { status, stderr };
}

(existsSync("/dev/full") ? describe : describe.skip)("output that cannot be written", () => {
  it.each([[["info"]], [["--help"]], [["compare", "--steps", "1"]], [["bench", "--sizes", "10", "--repeats", "1"]]])(
    "%j ends in one line and exit code 1",
    (args) => {
      const { status, stderr } = intoFull(...args);
      expect([status, stderr]).toEqual([1, "adabelief: the output cannot be written: ENOSPC: no space left on device, write\n"]);
    },
  );
});

describe("adabelief bench", () => {
  it("measures little by default, and says what --full adds", () => {
    const { stdout } = adabelief("bench", "-h");
    expect(stdout).toMatch(/--full +some minutes: sizes 1000,1e4,1e5,1e6,1e7; variants plain,rectified,amsgrad/);
    expect(stdout).toMatch(/--sizes 1e4,1e6 .*\(default 1e4,1e6, without --models\)/);
    expect(stdout).toMatch(/\(default plain\)/);
  });

  it("moves bytes for its limit: nobody has memory of 10 TB/s", () => {
    const args = ["bench", "--sizes", "1e6", "--variants", "plain,momentum", "--backends", "scalar", "--repeats", "3", "--json"];
    const { results } = JSON.parse(adabelief(...args).stdout) as { results: { optimizer: string; gb_per_s: number }[] };
    const limits = results.filter(({ optimizer }) => optimizer === "limit");
    expect(limits).toHaveLength(2);
    for (const { gb_per_s } of limits) expect(gb_per_s).toBeLessThan(10_000);
  });

  it("says which peers are missing where they are asked for", () => {
    expect(
      notesOn({ spread: 0, missing_peers: missingPeers([{ device: "cpu", backend: "torch-copy", variant: "plain" }]) }),
    ).toEqual([
      expect.stringMatching(/not installed: TensorFlow\.js \(cpu\), TensorFlow\.js \(wasm\), @ruvector\/attention \(npm ci/),
    ]);
    const all = ["tfjs-cpu", "tfjs-wasm", "ruvector", "torch-copy"];
    const results = all.map((backend) => ({ device: "cpu" as const, backend, variant: "plain" }));
    expect(notesOn({ spread: 0, missing_peers: missingPeers(results) })).toEqual([]);
    expect(missingPeers([{ device: "cuda", backend: "cuda", variant: "plain" }])).toEqual(["PyTorch"]);
  });

  it("says that the machine was busy where samples lie far apart", () => {
    expect(notesOn({ spread: 0.4, missing_peers: null })).toEqual([expect.stringMatching(/machine was busy.*40 %/)]);
    expect(notesOn({ spread: 0.05, missing_peers: null })).toEqual([]);
  });
});

describe("progress where there is no terminal", () => {
  it("is a line now and then, without control characters", () => {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    const clock = jest.spyOn(performance, "now").mockReturnValue(0);
    const bar = progress(stream);
    for (const [at, share] of [
      [0, 0],
      [9_000, 0.1],
      [11_000, 0.2],
      [12_000, 0.3],
      [25_000, 0.5],
    ] as const) {
      clock.mockReturnValue(at);
      bar.show("plain, 1e6", share);
    }
    bar.clear();
    clock.mockRestore();
    expect(written).toEqual(["20 %: plain, 1e6\n", "50 %: plain, 1e6\n"]);
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
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg.*memory baseline/s);
    rmSync(folder, { recursive: true });
  });
});

const onPosix = process.platform === "win32" ? describe.skip : describe;
(process.platform === "linux" ? describe : describe.skip)("a place for --svg where no file can be made", () => {
  it.each([
    ["bench", "/proc/plot.svg"],
    ["compare", "/proc/plot.svg"],
    ["compare", "/sys/plot"],
  ])("is refused before the run, also for root: %s --svg %s", (name, path) => {
    const { status, stdout, stderr } = adabelief(name, "--svg", path);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^adabelief: --svg cannot be written: E[A-Z]+: [^\n]* \(see adabelief --help\)\n$/);
  });
});

it("the look whether --svg can be written leaves a file as it is, and makes none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-svg-"));
  const [old, fresh] = [join(folder, "old.svg"), join(folder, "new.svg")];
  writeFileSync(old, "old");
  for (const path of [old, fresh]) await requireSvg(path);
  expect([readFileSync(old, "utf8"), existsSync(fresh)]).toEqual(["old", false]);
  rmSync(folder, { recursive: true });
});

onPosix("a symbolic link for --svg", () => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-svg-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const measured = ["--sizes", "10", "--repeats", "1", "--backends", "scalar"];

  it.each([
    ["missing", "no/such/folder/plot.svg"],
    ["around", "around.svg"],
  ])("is refused before the run where it leads nowhere: %s", (name, to) => {
    symlinkSync(to, join(folder, `${name}.svg`));
    const { status, stdout, stderr } = adabelief("bench", ...measured, "--svg", join(folder, `${name}.svg`));
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^adabelief: --svg cannot be written: .*svg \(see/);
  });

  it("is followed to a file that is not there yet", () => {
    symlinkSync("made.svg", join(folder, "link.svg"));
    expect(adabelief("bench", ...measured, "--svg", join(folder, "link.svg")).status).toBe(0);
    expect(readFileSync(join(folder, "made.svg"), "utf8")).toMatch(/^<svg/);
  });
});

onPosix("in a folder that was removed", () => {
  it.each(["bench", "compare"])("%s --svg is refused before the run", (name) => {
    const folder = mkdtempSync(join(tmpdir(), "adabelief-removed-"));
    const main = join(__dirname, "../dist/lib/cli/main.js");
    const command = `cd "$0" && rmdir "$0" && "$1" "$2" ${name} --svg plot.svg`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command, folder, process.execPath, main], { encoding: "utf8" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^adabelief: --svg cannot be written: ENOENT.*: plot\.svg \(see adabelief --help\)\n$/);
  });

  it("bench --peers measures", () => {
    const folder = mkdtempSync(join(tmpdir(), "adabelief-removed-"));
    const main = join(__dirname, "../dist/lib/cli/main.js");
    const command = `cd "$0" && rmdir "$0" && "$1" "$2" bench --sizes 10 --repeats 1 --backends scalar --peers`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command, folder, process.execPath, main], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^JavaScript loop /m);
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
    [["bench", "--svg", tmpdir()], /--svg cannot be written: a folder/],
    [["bench", "--svg", "plot.png"], /--svg cannot be written: .*name it \.svg: plot\.png/],
    [["bench", "--svg", "plot.PDF"], /name it \.svg/],
    [["compare", "--svg", tmpdir()], /--svg cannot be written: a folder/],
    [["compare", "--svg", "plot.png"], /name it \.svg/],
    [["bench", "--variants", "fast"], /there are plain, rectified, amsgrad, .*, yogi/],
    [["bench", "--models", "bert"], /there are resnet50, gpt2, lstm, 1000x1000/],
    [["bench", "--memories", "fast"], /there are allocated, ordinary/],
    [["bench", "--device", "cpu,cuda"], /--device takes one device/],
    [["compare", "--problem", "l3"], /a problem \(of l1, .*rosenbrock\) cannot be "l3"/],
    [["compare", "--optimizer", "adam,__proto__=1"], /Adam has no option "__proto__"/],
    [["compare", "--optimizer", "adam,constructor=1"], /Adam has no option "constructor"/],
    [["compare", "--sweep", "__proto__=1,2"], /--sweep __proto__: no option of/],
    [["compare", "--optimizer", "adam,__proto__=1,__proto__=2"], /__proto__ is given twice/],
    [["bench", "--peers", "--variants", "idle"], /--peers run beside the variant plain alone: add it to --variants/],
    [["bench", "--svg", "x.svg", "--models", "lstm"], /--svg shows synchronous steps over tensors of --sizes: there are none/],
    [["bench", "--svg", "x.svg", "--modes", "async"], /--svg shows synchronous steps/],
    [["bench", "--repeats", "0"], /--repeats must be a whole number from 1 on, not "0"/],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = adabelief(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
  it.each([["--version"], ["-v"]])("but not %s", (flag) => {
    expect(adabelief(flag)).toEqual({ status: 0, stdout: `${info().version}\n`, stderr: "" });
  });
  it.each([["help"], ["-h"], ["--help"], ["bench", "--help"], ["bench", "-h"], ["help", "bench"]])("but not %s %s", (...args) => {
    const { status, stdout } = adabelief(...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/adabelief bench \[options\][^]*--json/);
  });
});
