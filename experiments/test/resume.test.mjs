// The same training has the same bits: run twice, and stopped after its first epoch and resumed from its checkpoint.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lossOf, paperJobs, selectExperiments } from "../jobs.mjs";
import { optimizers } from "../settings.mjs";
import { train } from "../train.mjs";
import { describeScore } from "../watch.mjs";

const seed = Number(process.env.SEED ?? 1);

/** All of a result that does not depend on time. */
function bitsOf(result) {
  const { seconds, gradientSeconds, stepSeconds, ...rest } = result;
  assert.ok(seconds > 0 && gradientSeconds > 0 && stepSeconds > 0, `times of seed ${seed}`);
  return rest;
}

async function assertSameBits(job) {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-resume-"));
  try {
    const checkpoint = join(folder, "checkpoint");
    const whole = bitsOf(await train(job));
    assert.equal(whole.curve.length, 2);
    assert.deepEqual(bitsOf(await train(job)), whole, `run twice, seed ${seed}`);
    assert.equal(await train(job, { checkpoint, stopAfter: 1 }), undefined);
    assert.ok(existsSync(join(checkpoint, "epoch-1")));
    assert.deepEqual(bitsOf(await train(job, { checkpoint })), whole, `stopped and resumed, seed ${seed}`);
    assert.ok(!existsSync(checkpoint), "the checkpoint of a finished training is deleted");
    const other = await train({ ...job, seed: seed + 1 });
    assert.notEqual(other.checksum, whole.checksum, "another seed");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const jobOf = (task, model, optimizer) => paperJobs({ task, model, size: "smoke", optimizers: [optimizer], seeds: [seed] })[0];

for (const [task, model] of selectExperiments())
  test(`same bits of ${task} ${model}`, () => assertSameBits(jobOf(task, model, "AdaBelief")));

for (const optimizer of Object.keys(optimizers).filter((name) => name !== "AdaBelief"))
  test(`same bits of ${optimizer}`, () => assertSameBits(jobOf("image", "resnet", optimizer)));

for (const [task, model] of [
  ["image", "resnet"],
  ["language", "lstm1"],
  ["gan", "wgan-gp"],
])
  test(`a training of ${task} ${model} that diverges has a result`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "adabelief-diverged-"));
    try {
      const job = jobOf(task, model, "SGD");
      const result = await train({ ...job, options: { ...job.options, lr: 1e30 } }, { checkpoint: join(folder, "checkpoint") });
      assert.equal(lossOf({ job, ...result }), Infinity);
      assert.equal(describeScore({ job, ...result }), "diverged");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
