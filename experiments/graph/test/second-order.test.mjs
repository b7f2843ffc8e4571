// Gradients of functions of gradients, as a gradient penalty has them, against difference quotients. Activations are smooth: at the
// kink of a ReLU a difference quotient says nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as ops from "../index.mjs";
import { assertGradients, randomTensors, seed } from "./differences.mjs";

const { add, gradientsOf, scale, square, sum, tanh } = ops;

/** Σ of the squared gradient of Σ tanh² y(x) in x, where the gradient is a function of all inputs. */
function squaredGradient(x, y) {
  const [gradient] = gradientsOf(sum(square(tanh(y))), [x]);
  return scale(sum(square(gradient)), 0.1);
}

const cases = [
  ["mul and div", "3×4 3×4", (x, w) => ops.div(ops.mul(x, w), ops.shift(square(x), 1))],
  ["sigmoid and tanh", "3×4", (x) => add(ops.sigmoid(x), tanh(x))],
  ["exp, log and sqrt", "3×4", (x) => ops.log(ops.shift(ops.sqrt(ops.exp(x)), 1))],
  ["softplus", "3×4", (x) => ops.softplus(x)],
  ["softmax", "3×4", (x) => ops.softmax(x)],
  ["logSoftmax", "3×4", (x) => ops.logSoftmax(x)],
  ["meanOver, reshape and transpose", "2×3×4", (x) => ops.meanOver(ops.reshape(ops.transpose(x, [2, 1, 0]), [4, 6]), [1])],
  ["slice, pad, split and concat", "3×4", (x) => ops.concat([ops.slice(x, 0, 1, 3), ...ops.splitEqually(x, 2, 1).map((p) => ops.pad(p, [[0, 0], [0, 2]]))], 0)], // prettier-ignore
  ["matmul", "3×4 4×2", (x, w) => ops.matmul(x, w)],
  ["batchMatmul", "2×3×2 2×2×2", (x, w) => ops.batchMatmul(x, w, { transB: true, alpha: 0.5 })],
  ["conv2d", "1×2×4×4 2×2×3×3", (x, w) => scale(ops.conv2d(x, w, { padding: 1 }), 0.3)],
  ["conv2d, stride 2", "1×2×6×6 2×2×4×4", (x, w) => scale(ops.conv2d(x, w, { stride: 2, padding: 1 }), 0.3)],
  ["conv2dTransposed, stride 2", "1×2×3×3 2×2×4×4", (x, w) => scale(ops.conv2dTransposed(x, w, { stride: 2, padding: 1 }), 0.3)],
  ["averagePool", "1×2×4×4", (x) => scale(ops.averagePool(x), 2)],
  ["batchNorm", "3×2×2×1 2 2", (x, gamma, beta) => scale(ops.batchNorm(x, gamma, beta).y, 0.5)],
];

for (const [name, shapes, build] of cases) {
  test(`second-order gradient of ${name}`, async () => {
    await assertGradients(randomTensors(shapes), (x, ...rest) => squaredGradient(x, build(x, ...rest)), { tolerance: 2e-2 });
  });
}

test("gradient penalty of two convolutions and a matrix", async () => {
  const sources = randomTensors("2×1×4×4 2×1×3×3 2×2×4×4 8×1");
  await assertGradients(sources, (x, w1, w2, w3) => {
    const judge = (images) => {
      const hidden = tanh(ops.conv2d(images, w1, { padding: 1 }));
      return ops.matmul(ops.reshape(tanh(ops.conv2d(hidden, w2, { stride: 2, padding: 1 })), [2, 8]), w3);
    };
    const [gradient] = gradientsOf(sum(judge(x)), [x]);
    const norm = ops.sqrt(ops.shift(sum(square(gradient), [1, 2, 3]), 1e-2));
    return add(ops.mean(judge(x)), ops.mean(square(ops.shift(norm, -1))));
  });
});

test("a second derivative that is not defined is an error", () => {
  const graph = new ops.Graph();
  const [x, gamma, beta] = randomTensors("2×3 3 3").map((source) => graph.input(source));
  const [gradient] = gradientsOf(sum(square(ops.layerNorm(x, gamma, beta))), [x]);
  assert.throws(() => gradientsOf(sum(square(gradient)), [x]), /No gradient is defined through/, `seed ${seed}`);
});

test("a loss that does not depend on an input has gradient 0", async () => {
  const graph = new ops.Graph();
  const [x, y] = randomTensors("2×3 2×3");
  graph.gradients(sum(square(graph.input(x))), [x, y]);
  y.grad.fill(1);
  const run = await graph.compile({ threads: 1 });
  await run();
  assert.deepEqual([...y.grad], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...x.grad], [...x.data.map((value) => 2 * value)]);
});
