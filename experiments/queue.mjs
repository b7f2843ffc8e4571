// Runs jobs side by side, one single-threaded process a core, and records each result as it comes.
import { fork } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { provenance } from "../dist/lib/bench/report.js";
import { engine } from "./graph/session.mjs";
import { nameOf, readResult, resultPath } from "./jobs.mjs";

const script = join(import.meta.dirname, "worker.mjs");
const checkpoints = join(import.meta.dirname, "build", "checkpoints");

/** The result of a process of its own. */
export function runJob(kind, job, onProgress = () => {}) {
  const worker = fork(script, { env: { ...process.env, ADABELIEF_THREADS: "1" } });
  return new Promise((resolve, reject) => {
    let result;
    worker.on("message", (message) => {
      if ("result" in message) ({ result } = message);
      else onProgress(message);
    });
    worker.on("error", reject);
    worker.on("exit", (code, signal) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`${nameOf(job)} ended with ${signal ?? `status ${code}`}`));
    });
    worker.send({ kind, job, checkpoint: join(checkpoints, nameOf(job)) });
  });
}

function record(folder, job, result) {
  const path = resultPath(folder, job);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify({ job, ...result, ...provenance(), engine }, null, 1)}\n`);
  renameSync(`${path}.partial`, path);
}

/** All of `jobs` that have no result in `folder` yet, on `workers` processes. `watch` hears of progress. Returns the results of all jobs. */
export async function runAll(jobs, { folder, workers, watch }) {
  const open = jobs.filter((job) => readResult(folder, job) === undefined);
  watch.begin(open);
  const failures = [];
  const next = async () => {
    for (let job = open.shift(); job !== undefined; job = open.shift()) {
      try {
        const result = await runJob("train", job, (progress) => watch.progress(job, progress));
        record(folder, job, result);
        watch.end(job, result);
      } catch (error) {
        failures.push(error);
        watch.failed(job, error);
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, next));
  if (failures.length > 0)
    throw new Error(`${failures.length} trainings failed; run again to go on. First: ${failures[0].message}`);
  return jobs.map((job) => readResult(folder, job));
}
