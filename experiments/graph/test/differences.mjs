// Gradients against difference quotients.
import assert from "node:assert/strict";
import { makeRandom } from "../../../examples/shared/random.mjs";
import { Graph } from "../index.mjs";

export const seed = Number(process.env.SEED ?? 1);

/** A tensor with elements uniform in (-1, 1). */
export function randomTensor(random, shape) {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, () => 2 * random() - 1) };
}

/** The tensors of "3×4 5", drawn from the seed. */
export function randomTensors(text) {
  const random = makeRandom(seed);
  return text.split(" ").map((shape) => randomTensor(random, shape.split("×").map(Number)));
}

/**
 * Asserts that the gradient of the scalar that `build(...values)` makes of the tensors is what central differences say, element by
 * element, to within `tolerance` of the largest one. The quotient's own error is h²/6 times a third derivative, and float32's 6e-8 of
 * the loss over h.
 */
export async function assertGradients(sources, build, { h = 1e-2, tolerance = 5e-3 } = {}) {
  const graph = new Graph();
  const loss = build(...sources.map((source) => graph.input(source)));
  graph.gradients(loss, sources);
  const value = graph.output(loss);
  const run = await graph.compile({ threads: 1 });
  await run();
  const gradients = sources.map(({ grad }) => grad.slice()); // later runs write over them
  const largest = Math.max(...gradients.flatMap((gradient) => [...gradient].map(Math.abs)));
  const rounding = (1e-7 * Math.max(1, Math.abs(value[0]))) / h;
  assert.ok(largest > 20 * rounding, `The gradients are too small to be compared: ${largest}, seed ${seed}`);
  const lossWith = async (data, i, x) => {
    data[i] = x;
    await run();
    return value[0];
  };
  for (const [k, { data }] of sources.entries()) {
    for (const [i, x] of data.entries()) {
      const quotient = ((await lossWith(data, i, x + h)) - (await lossWith(data, i, x - h))) / (2 * h);
      data[i] = x;
      const gradient = gradients[k][i];
      const message = `input ${k}, element ${i}: gradient ${gradient}, difference quotient ${quotient}, seed ${seed}`;
      assert.ok(Math.abs(quotient - gradient) < tolerance * largest + rounding, message);
    }
  }
}
