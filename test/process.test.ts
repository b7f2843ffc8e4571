import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { resultOf, runScript } from "./helpers/script";

const parameters = `
  const parameter = () => adabelief.parameter(new Float32Array(1000).fill(1), { grad: new Float32Array(1000).fill(0.5) });
`;

describe("ADABELIEF_BACKEND", () => {
  it("forces the backend, and that one runs", () => {
    const result = resultOf(
      `${parameters} new adabelief.AdaBelief([parameter()]).step();
       const { addon } = require("./dist/lib/native/engine.js");
       console.log(JSON.stringify([adabelief.cpu.backend, addon.lastRan()]));`,
      { env: { ADABELIEF_BACKEND: "scalar" } },
    );
    expect(result).toEqual(["scalar", "scalar"]);
  });

  it("is an error where there is no such backend, which names those that there are", () => {
    const { status, stderr } = runScript("", { env: { ADABELIEF_BACKEND: "mmx" } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Backend "mmx": there is no such backend; this machine has .*scalar/);
    expect(stderr).toContain("ERR_BACKEND");
  });

  it("gives way to cpu.backend, also where a worker reads it later", () => {
    const result = resultOf(
      `adabelief.cpu.backend = adabelief.cpu.backends[0];
       const { Worker } = require("node:worker_threads");
       const worker = new Worker("require('./dist/lib/index.js')", { eval: true });
       worker.on("exit", () => console.log(JSON.stringify(adabelief.cpu.backend === adabelief.cpu.backends[0])));`,
      { env: { ADABELIEF_BACKEND: "scalar" } },
    );
    expect(result).toBe(true);
  });
});

describe("require and import", () => {
  it("share one copy of the package", () => {
    const code = `import("adabelief").then((esm) => {
      const added = ["__esModule", "module.exports"]; // by Node, for CommonJS; the second one by 24 and 26, not by 20 and 22
      const names = Object.keys(esm).filter((name) => !added.includes(name));
      const same = names.every((name) => esm[name] === adabelief[name]);
      console.log(JSON.stringify([same, names, Object.keys(adabelief).sort()]));
    });`;
    const [same, imported, required] = resultOf(code) as [boolean, string[], string[]];
    expect(same).toBe(true);
    expect(imported).toEqual(required);
    expect(imported).toEqual(expect.arrayContaining(["AdaBelief", "Optimizer", "StepLR", "parameter", "update"]));
  });
});

describe("the code of docs/schedules.md", () => {
  const text = readFileSync(join(__dirname, "..", "docs", "schedules.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code as string);
  const run = (code: string) =>
    runScript(ts.transpile(code, { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }), { preload: false });

  it("resumes", () => {
    const code = `${blocks.find((block) => block.includes("serialize"))}\nconsole.log(JSON.stringify([saved.schedule, resumed.schedule.stateDict()]));`;
    const { stdout, stderr } = run(code);
    expect(stderr).toBe("");
    const [saved, resumed] = JSON.parse(stdout) as unknown[];
    expect(resumed).toEqual(saved);
  });
});

describe("the package is quiet", () => {
  it("prints nothing, and warns once with a code where 0.2.1 will ignore amsgrad", () => {
    const { stdout, stderr } = runScript(
      `${parameters}
       new adabelief.AdaBelief([parameter()], { version: "0.2.1", amsgrad: true, rectify: false }).step();
       process.on("warning", ({ code, message }) => console.log(code));
       for (let i = 0; i < 3; ++i) new adabelief.AdaBelief([parameter()], { version: "0.2.1", amsgrad: true }).step();`,
      { flags: ["--no-warnings"] },
    );
    expect(stdout).toBe("ADABELIEF_AMSGRAD_IGNORED\n");
    expect(stderr).toBe("");
  });
});

describe("a program that replaces the language's own functions", () => {
  it("gets an error, and nothing is written, where an iterator takes a buffer away before the step", () => {
    const code = `
      const { AdaBelief, parameter } = adabelief;
      const prototype = Object.getPrototypeOf([][Symbol.iterator]());
      const next = prototype.next;
      const make = () => parameter(new Float32Array(4e6), { grad: new Float32Array(4e6).fill(1) });
      for (let stop = 1, reached = true; reached; ++stop) {
        const [p, q] = [make(), make()];
        const optimizer = new AdaBelief([p, q]);
        optimizer.step();
        const before = p.data[0];
        let calls = 0;
        let early = false;
        prototype.next = function () {
          const result = next.call(this);
          if (++calls === stop) {
            early = p.data[0] === before;
            structuredClone(q.data.buffer, { transfer: [q.data.buffer] });
            gc();
          }
          return result;
        };
        let code;
        try { optimizer.step(); } catch (error) { code = error.code ?? error.message; }
        prototype.next = next;
        reached = calls >= stop;
        if (early && code !== "ERR_DETACHED") throw new Error("at call " + stop + " of an iterator: " + code);
      }
      console.log("true");`;
    expect(resultOf(code, { flags: ["--expose-gc"] })).toBe(true);
  });
});

describe("four workers at once", () => {
  it("load the addon, train, and end with the same bits as the main thread", () => {
    const code = `
      const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");
      const train = ({ AdaBelief, parameter }, seed) => {
        const data = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * seed));
        const p = parameter(data);
        const optimizer = new AdaBelief([p], { rectify: true, amsgrad: true });
        for (let step = 1; step <= 200; ++step) {
          p.grad = data.map((x, i) => x + Math.cos(i + step));
          optimizer.step();
        }
        return Buffer.from(data.buffer).toString("hex");
      };
      const source = "const { parentPort, workerData } = require('node:worker_threads');"
        + "parentPort.postMessage((" + train + ")(require(workerData.path), workerData.seed));";
      const seeds = [1, 2, 3, 4];
      const results = seeds.map((seed) => new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true, workerData: { seed, path: process.cwd() } });
        worker.once("message", resolve).once("error", reject);
      }));
      Promise.all(results).then((all) =>
        console.log(JSON.stringify(all.map((hex, k) => hex === train(adabelief, seeds[k])))));`;
    expect(resultOf(code)).toEqual([true, true, true, true]);
  });

  const counted = existsSync("/proc/self/task") ? it : it.skip; // where Linux lists the threads of a process
  if (counted === it.skip) process.stderr.write("\nSKIPPED, not passed: the threads of a process cannot be counted here\n");

  counted("may be the only ones to load the addon, one after the other: its threads outlive them", () => {
    const code = `
      const { Worker } = require("node:worker_threads");
      const { readdirSync } = require("node:fs");
      const source = "const { AdaBelief, cpu } = require(process.cwd()); cpu.threads = 4;"
        + "const p = { data: new Float32Array(3e5), grad: new Float32Array(3e5) };"
        + "const optimizer = new AdaBelief([p]); for (let i = 0; i < 20; ++i) optimizer.step(); process.exit();";
      (async () => {
        const counts = [];
        for (let i = 0; i < 12; ++i) {
          await new Promise((resolve) => new Worker(source, { eval: true }).once("exit", resolve));
          counts.push(readdirSync("/proc/self/task").length);
        }
        console.log(JSON.stringify(counts.at(-1) - counts[0]));
      })();`;
    expect(resultOf(code, { preload: false })).toBeLessThan(4); // a pool each would be 33 threads more
  });

  it("may be terminated in the middle of training", () => {
    const code = `
      const { Worker } = require("node:worker_threads");
      const source = "const { AdaBelief, parameter } = require(process.cwd());"
        + "const p = parameter(new Float32Array(1e5), { grad: new Float32Array(1e5) });"
        + "const optimizer = new AdaBelief([p]); require('node:worker_threads').parentPort.postMessage(0);"
        + "for (;;) { optimizer.step(); new AdaBelief([parameter(new Float32Array(10))]); }";
      (async () => {
        for (let i = 0; i < 8; ++i) {
          const worker = new Worker(source, { eval: true });
          await new Promise((resolve) => worker.once("message", resolve));
          await worker.terminate();
        }
        console.log("true");
      })();`;
    expect(resultOf(code)).toBe(true);
  });
});
