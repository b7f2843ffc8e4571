import assert from "node:assert/strict";
import { test } from "node:test";
import { paperJobs } from "../jobs.mjs";
import { runJob } from "../queue.mjs";

test("the time of a training, estimated from a few steps in a process of its own", async () => {
  const [job] = paperJobs({ task: "language", model: "lstm1", size: "smoke", optimizers: ["Adam"], seeds: [1] });
  const whole = await runJob("estimate", job);
  assert.ok(whole.seconds > 0 && whole.processor > 0);
  assert.equal(whole.epochs, 2);
  assert.equal(whole.steps, 2 * 29);
  const { epochs, steps } = await runJob("estimate", { ...job, epochs: 1 });
  assert.deepEqual([epochs, steps], [1, 29]);
});
