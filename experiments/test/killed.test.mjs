// A training whose process is killed in the middle goes on from its checkpoint, with the same bits.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clearInterval, setInterval } from "node:timers";
import { paperJobs } from "../jobs.mjs";
import { train } from "../train.mjs";

const script = join(import.meta.dirname, "..", "worker.mjs");
const [job] = paperJobs({ task: "language", model: "lstm1", size: "smoke", optimizers: ["Adam"], seeds: [1] });
job.epochs = 60;

/** Runs the job in a process that is killed as soon as `epochs` epochs are saved. Returns its result, or the signal that ended it. */
function runUntil(checkpoint, epochs) {
  const worker = fork(script);
  const saved = () =>
    existsSync(checkpoint) && readdirSync(checkpoint).some((name) => /^epoch-\d+$/.test(name) && Number(name.slice(6)) >= epochs);
  const timer = setInterval(() => saved() && worker.kill("SIGKILL"), 2);
  return new Promise((resolve, reject) => {
    let result;
    worker.on("message", (message) => (result = message.result ?? result));
    worker.on("error", reject);
    worker.on("exit", (code, signal) => {
      clearInterval(timer);
      resolve(result ?? signal);
    });
    worker.send({ kind: "train", job, checkpoint });
  });
}

test("same bits of a training whose process was killed twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-killed-"));
  try {
    const checkpoint = join(folder, "checkpoint");
    assert.equal(await runUntil(checkpoint, 2), "SIGKILL");
    assert.equal(await runUntil(checkpoint, 10), "SIGKILL");
    const resumed = await runUntil(checkpoint, Infinity);
    const whole = await train(job);
    assert.equal(resumed.checksum, whole.checksum);
    assert.deepEqual(resumed.curve, whole.curve);
    assert.equal(whole.curve.length, 60);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
