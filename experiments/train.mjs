// One training from its first epoch, or from its checkpoint, to its last.
import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { crc32 } from "node:zlib";
import { cpu } from "adabelief";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.mjs";
import { configOf } from "./sizes.mjs";

/** The factor of the learning rate in step `done` of `total`. */
export function rateFactor({ milestones = [], factor = 0.1, warmup = 0 }, done, total) {
  const passed = milestones.filter((share) => done >= Math.round(share * total)).length;
  const start = warmup * total;
  const warm = warmup === 0 ? 1 : Math.min((done + 1) / start, Math.sqrt(start / (done + 1)));
  return warm * factor ** passed;
}

/** A checksum of all parameters, to compare two runs by. */
const checksumOf = (networks) => {
  const bytes = networks.flatMap(({ trainable }) =>
    trainable.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
  return crc32(Buffer.concat(bytes)).toString(16).padStart(8, "0");
};

/** A number for JSON, which has no infinity and no NaN: null for those. */
const finiteOnly = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number.isFinite(value) ? value : null]));

export async function createTask(job) {
  cpu.threads = 1;
  const { create } = await import(`./tasks/${job.task}.mjs`);
  const config = configOf(job);
  return { task: await create(job, config), config };
}

/**
 * Trains. `checkpoint` is a folder, saved to after every epoch and gone on from; `onStep(done, total, loss)` hears of progress;
 * `stopAfter` ends after that epoch, as if interrupted. Returns the result, or undefined where it was stopped.
 */
export async function train(job, { checkpoint, onStep = () => {}, stopAfter = Infinity } = {}) {
  const { task, config } = await createTask(job);
  const { networks, optimizers, steps } = task;
  const epochs = job.epochs ?? config.epochs;
  const rates = optimizers.map(({ paramGroups }) => paramGroups.map(({ lr }) => lr));
  const saved = { optimizers, buffers: networks.flatMap(({ buffers }) => [...buffers.values()]) };
  let state = { epoch: 0, curve: [], seconds: 0, diverged: false };
  if (checkpoint !== undefined) state = (await loadCheckpoint(checkpoint, saved)) ?? state;
  const earlier = { gradients: state.gradientSeconds ?? 0, steps: state.stepSeconds ?? 0, seconds: state.seconds };

  const started = performance.now();
  while (state.epoch < epochs && !state.diverged) {
    const epoch = state.epoch + 1;
    await task.beginEpoch(epoch);
    let sum = 0;
    for (let k = 0; k < steps && !state.diverged; ++k) {
      const done = (epoch - 1) * steps + k;
      const factor = rateFactor(config.schedule, done, epochs * steps);
      optimizers.forEach(({ paramGroups }, o) => paramGroups.forEach((group, g) => (group.lr = rates[o][g] * factor)));
      const loss = await task.step(k);
      sum += loss;
      state.diverged = !Number.isFinite(loss);
      onStep(done + 1, epochs * steps, loss);
    }
    state.curve.push(finiteOnly({ epoch, trainingLoss: sum / steps, ...(state.diverged ? {} : await task.evaluate()) }));
    state.epoch = epoch;
    state.seconds = earlier.seconds + (performance.now() - started) / 1000;
    state.gradientSeconds = earlier.gradients + task.clock.gradients;
    state.stepSeconds = earlier.steps + task.clock.steps;
    if (checkpoint !== undefined) await saveCheckpoint(checkpoint, saved, state);
    if (epoch >= stopAfter && epoch < epochs) return undefined;
  }
  const result = {
    ...state,
    steps: state.epoch * steps,
    checksum: checksumOf(networks),
    final: state.curve.at(-1),
    ...(await task.finish?.()),
  };
  if (checkpoint !== undefined) rmSync(checkpoint, { recursive: true, force: true });
  return result;
}
