// Checkpoints of a whole training: optimizers with their parameters, buffers, and what JSON can hold. Random numbers follow from the seed
// and the epoch, so that no state of them has to be kept.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SGD } from "adabelief";

/** An optimizer over the buffers, which never steps: its checkpoints hold their values. */
const holderOf = (buffers) => (buffers.length === 0 ? undefined : new SGD(buffers, { lr: 0 }));

const epochsIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => Number(/^epoch-([0-9]+)$/.exec(name)?.[1] ?? Number.NaN))
        .filter((epoch) => !Number.isNaN(epoch))
        .sort((a, b) => b - a)
    : [];

/** Writes epoch number `extra.epoch` beside the one before it, then deletes that one: an interrupted save harms nothing. */
export async function saveCheckpoint(folder, { optimizers, buffers }, extra) {
  const target = join(folder, `epoch-${extra.epoch}`);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const holder = holderOf(buffers);
  const files = [...optimizers, ...(holder === undefined ? [] : [holder])];
  for (const [k, optimizer] of files.entries())
    await optimizer.saveState(join(partial, `${k}.safetensors`), { parameters: true, ...(k === 0 ? { extra } : {}) });
  holder?.dispose();
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  for (const epoch of epochsIn(folder)) if (epoch !== extra.epoch) rmSync(join(folder, `epoch-${epoch}`), { recursive: true });
}

/** Restores the newest epoch, and returns what was saved as `extra`; undefined where there is none. */
export async function loadCheckpoint(folder, { optimizers, buffers }) {
  const [epoch] = epochsIn(folder);
  if (epoch === undefined) return undefined;
  const holder = holderOf(buffers);
  const files = [...optimizers, ...(holder === undefined ? [] : [holder])];
  let extra;
  for (const [k, optimizer] of files.entries()) {
    const loaded = await optimizer.loadState(join(folder, `epoch-${epoch}`, `${k}.safetensors`), { parameters: true });
    if (k === 0) ({ extra } = loaded);
  }
  holder?.dispose();
  return extra;
}
