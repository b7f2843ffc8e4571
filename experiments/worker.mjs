// A process for one job, forked by queue.mjs. It hears { kind, job, checkpoint } and answers with progress and a result.
import { configOf } from "./sizes.mjs";
import { createTask, train } from "./train.mjs";

const send = (message) => new Promise((resolve) => process.send(message, resolve));
/** Batches, and held-out data, by which the time of a training is estimated. */
const samples = 10;
const heldSample = 1500;

/** Runs `work`, and returns the seconds that it took, and those of the processor, which other work on the machine does not lengthen. */
async function time(work) {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
}

/** The time of a training, from that of a few steps and of an evaluation. The first step is left out. */
async function estimate(job) {
  const config = configOf(job);
  // All of the data is used where its amount is not known, and for GANs, which are evaluated on images that they draw.
  const isPart = job.task !== "gan" && Number.isFinite(config.held);
  const held = isPart ? Math.min(config.held, heldSample) : config.held;
  const { task } = await createTask({ ...job, held });
  await task.beginEpoch(1);
  await task.step(0);
  const count = Math.min(samples, task.steps - 1);
  const stepping = await time(async () => {
    for (let k = 1; k <= count; ++k) await task.step(k);
  });
  const evaluating = await time(() => task.evaluate());
  const epochs = job.epochs ?? config.epochs;
  const whole = (clock) =>
    epochs * ((task.steps * stepping[clock]) / count + evaluating[clock] / (isPart ? held / config.held : 1));
  return { steps: epochs * task.steps, epochs, seconds: whole("seconds"), processor: whole("processor") };
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
