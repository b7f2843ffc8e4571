// A process for one job, forked by queue.mjs. It hears { kind, job, checkpoint } and answers with progress and a result.
import { createTask, train } from "./train.mjs";

const send = (message) => new Promise((resolve) => process.send(message, resolve));
/** Batches by which the time of a training is estimated. */
const samples = 10;

/** Seconds of a step and of an evaluation, the first step left out. */
async function estimate(job) {
  const { task, config } = await createTask(job);
  await task.beginEpoch(1);
  await task.step(0);
  const started = performance.now();
  const count = Math.min(samples, task.steps - 1);
  for (let k = 1; k <= count; ++k) await task.step(k);
  const perStep = (performance.now() - started) / 1000 / count;
  const evaluating = performance.now();
  await task.evaluate();
  const perEpoch = (performance.now() - evaluating) / 1000;
  const epochs = job.epochs ?? config.epochs;
  return { steps: epochs * task.steps, epochs, seconds: epochs * (task.steps * perStep + perEpoch) };
}

// A worker does not outlive the queue: what it has not saved, the next run does again.
const stop = () => process.exit(1);
process.once("disconnect", stop);

process.once("message", async ({ kind, job, checkpoint }) => {
  let last = 0;
  const onStep = (done, total, loss) => {
    if (performance.now() - last < 500 && done < total) return;
    last = performance.now();
    process.send({ progress: done / total, loss });
  };
  const result = kind === "estimate" ? await estimate(job) : await train(job, { checkpoint, onStep });
  await send({ result });
  process.off("disconnect", stop);
  process.disconnect();
});
