import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AdaBelief, cpu, parameter } from "../lib";
import { controlGroupLimit } from "../lib/native/cores";
import { expectSameBits } from "./helpers/bits";
import { resultOf, runScript } from "./helpers/script";

describe("the number of threads", () => {
  const before = cpu.threads;
  afterEach(() => (cpu.threads = before));

  const onLinux = process.platform === "linux" ? it : it.skip; // nproc and taskset are Linux's
  onLinux("is not more than the cores that the system gives this process", () => {
    expect(before).toBeLessThanOrEqual(Number(execFileSync("nproc", { encoding: "utf8", env: { PATH: process.env["PATH"] } })));
  });

  onLinux("is one where the process may use one core", () => {
    const program = `console.log(require(${JSON.stringify(join(__dirname, "../dist/lib/index.js"))}).cpu.threads)`;
    const env = { PATH: process.env["PATH"] };
    expect(execFileSync("taskset", ["-c", "0", process.execPath, "-e", program], { encoding: "utf8", env })).toBe("1\n");
  });

  it("changes no bit of a step, whatever the sizes of the tensors", () => {
    const lengths = [1, 40_000, 0, 7, 4096, 65_537, ...Array.from({ length: 200 }, (_, k) => 300 + k)];
    const train = (threads: number) => {
      cpu.threads = threads;
      const parameters = lengths.map((length, k) =>
        parameter(
          Float32Array.from({ length }, (_, i) => Math.sin(i + k)),
          { grad: Float32Array.from({ length }, (_, i) => Math.cos(i * k)) },
        ),
      );
      const optimizer = new AdaBelief(parameters, { rectify: true, amsgrad: true, weight_decay: 1e-2 });
      for (let step = 0; step < 12; ++step) {
        if (step === 5) (parameters[1] as { grad: unknown }).grad = null;
        optimizer.step();
      }
      return parameters.map(({ data }) => data);
    };
    const alone = train(1);
    for (let threads = 2; threads <= 8; ++threads) {
      train(threads).forEach((data, k) => expectSameBits(data, alone[k] as Float32Array, `tensor ${k} on ${threads} threads`));
    }
  });

  it("is set from outside by ADABELIEF_THREADS", () => {
    expect(resultOf("console.log(adabelief.cpu.threads)", { env: { ADABELIEF_THREADS: "3" } })).toBe(3);
  });

  it.each(["0", "two", "1.5", "-1", "100000"])("is refused where ADABELIEF_THREADS is %s", (threads) => {
    const { status, stderr } = runScript("", { env: { ADABELIEF_THREADS: threads } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/ADABELIEF_THREADS must be a whole number from 1 to \d+/);
  });
});

describe("a control group's limit", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "adabelief-cgroup-"))));
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it("is read from cpu.max of version 2", () => {
    write("cpu.max", "max 100000\n");
    write("a/b/cpu.max", "150000 100000\n");
    expect(controlGroupLimit(root, "0::/a/b\n")).toBe(1.5);
  });
  it("is the tightest of the groups around the process", () => {
    write("a/cpu.max", "50000 100000\n");
    write("a/b/cpu.max", "400000 100000\n");
    expect(controlGroupLimit(root, "0::/a/b\n")).toBe(0.5);
  });
  it("is that of the container's own root, where its path is not visible", () => {
    write("cpu.max", "200000 100000\n");
    expect(controlGroupLimit(root, "0::/../../somewhere/else\n")).toBe(2);
  });
  it("is read from the quota of version 1", () => {
    write("cpu/a/cpu.cfs_quota_us", "300000\n");
    write("cpu/a/cpu.cfs_period_us", "100000\n");
    expect(controlGroupLimit(root, "4:memory:/a\n3:cpu,cpuacct:/a\n")).toBe(3);
  });
  it.each([
    ["no files", "0::/\n"],
    ["no groups", ""],
  ])("is infinite with %s", (_, membership) => {
    expect(controlGroupLimit(root, membership)).toBe(Infinity);
  });
});

describe("a process that ends in the middle of a step", () => {
  const stepping = `
    const { Worker } = require("node:worker_threads");
    adabelief.cpu.threads = 4;
    const source = "const { AdaBelief, parameter } = require(process.cwd());"
      + "const p = parameter(new Float32Array(5e6), { grad: new Float32Array(5e6) });"
      + "const optimizer = new AdaBelief([p]); optimizer.step();"
      + "require('node:worker_threads').parentPort.postMessage(0); for (;;) optimizer.step();";
    const worker = new Worker(source, { eval: true });`;

  it.each([
    ["by process.exit", `worker.once("message", () => process.exit(7));`, 7],
    ["by an error", `worker.once("message", () => { process.exitCode = 8; throw new Error("the end"); });`, 1],
    ["after terminating the worker", `worker.once("message", async () => { await worker.terminate(); process.exit(9); });`, 9],
  ])("%s ends with its exit code", (_, end, code) => {
    for (let repeat = 0; repeat < 3; ++repeat) {
      const { status, signal } = runScript(stepping + end);
      expect([status, signal]).toEqual([code, null]);
    }
  });
});
