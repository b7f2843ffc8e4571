// A worker: waits for a step, computes the gradients of its parts of the batch in shared memory, says that it is done.
import { workerData } from "node:worker_threads";
import { addGradients, cut, lengthsOf } from "./network.mjs";

const { id, workers, sizes, control, weights, gradients, losses, images, digits, batch } = workerData;
const parameters = cut(weights, lengthsOf(sizes));
const pieces = gradients.map((gradient) => cut(gradient, lengthsOf(sizes)));
const perPart = batch.length / gradients.length;

for (let round = 0; ; ++round) {
  Atomics.wait(control, 0, round);
  if (Atomics.load(control, 0) < 0) break;
  for (let part = id; part < gradients.length; part += workers) {
    gradients[part].fill(0);
    losses[part] = 0;
    for (const index of batch.subarray(part * perPart, (part + 1) * perPart)) {
      const image = images.subarray(index * sizes.inputs, (index + 1) * sizes.inputs);
      losses[part] += addGradients(sizes, parameters, pieces[part], image, digits[index]);
    }
  }
  if (Atomics.sub(control, 1, 1) === 1) Atomics.notify(control, 1);
}
