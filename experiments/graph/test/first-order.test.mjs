// The gradient of every operation against difference quotients.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as ops from "../index.mjs";
import { assertGradients, randomTensors } from "./differences.mjs";

const { add, mean, mul, scale, square, sum, tanh } = ops;
/** A scalar in which every element of a tensor counts differently. */
const weigh = (x) => scale(sum(mul(square(tanh(x)), add(x, square(x)))), 0.2);
const integers = (graph, shape, ...numbers) => graph.input({ shape, data: Int32Array.from(numbers) });

const stride2 = { stride: 2, padding: 1 };
/** Name, shapes of the inputs, and a scalar made of them. */
const cases = [
  ["matmul", "3×4 4×5", (a, b) => weigh(ops.matmul(a, b))],
  ["matmul, first transposed", "4×3 4×5", (a, b) => weigh(ops.matmul(a, b, { transA: true }))],
  ["matmul, second transposed", "3×4 5×4", (a, b) => weigh(ops.matmul(a, b, { transB: true }))],
  ["matmul, both transposed", "4×3 5×4", (a, b) => weigh(ops.matmul(a, b, { transA: true, transB: true }))],
  ["matmul with a shared factor", "3×4 4×4", (a, b) => weigh(ops.matmul(tanh(ops.matmul(a, b)), b))],
  ["batchMatmul", "2×3×4 2×4×2", (a, b) => weigh(ops.batchMatmul(a, b))],
  ["batchMatmul, first transposed", "2×4×3 2×4×2", (a, b) => weigh(ops.batchMatmul(a, b, { transA: true, alpha: 0.5 }))],
  ["batchMatmul, second transposed", "2×3×4 2×2×4", (a, b) => weigh(ops.batchMatmul(a, b, { transB: true }))],
  ["batchMatmul, both transposed", "2×4×3 2×2×4", (a, b) => weigh(ops.batchMatmul(a, b, { transA: true, transB: true }))],
  ["add of a row", "3×4 4", (a, b) => weigh(add(a, b))],
  ["sub of a column", "3×4 3×1", (a, b) => weigh(ops.sub(a, b))],
  ["mul with broadcasting of both", "3×1 1×4", (a, b) => weigh(mul(a, b))],
  ["div", "3×4 4", (a, b) => weigh(ops.div(a, ops.shift(square(b), 1)))],
  ["a value used twice", "3×4", (a) => weigh(add(a, a))],
  ["scale and shift", "3×4", (a) => weigh(ops.shift(scale(a, 3), -0.5))],
  ["sqrt and log", "3×4", (a) => weigh(ops.log(ops.sqrt(ops.shift(square(a), 1))))],
  ["exp and reciprocal", "3×4", (a) => weigh(ops.reciprocal(ops.shift(ops.exp(a), 1)))],
  ["sigmoid", "3×4", (a) => weigh(ops.sigmoid(a))],
  ["softplus", "3×4", (a) => weigh(ops.softplus(scale(a, 3)))],
  ["relu", "3×4", (a) => weigh(ops.relu(a))],
  ["leakyRelu", "3×4", (a) => weigh(ops.leakyRelu(a, 0.2))],
  ["sum over an axis", "2×3×4", (a) => weigh(sum(a, [1]))],
  ["meanOver axes", "2×3×4", (a) => weigh(ops.meanOver(a, [0, 2], { keep: true }))],
  ["mean", "3×4", (a) => tanh(mean(square(a)))],
  ["expand", "3×1", (a) => weigh(ops.expand(a, [2, 3, 4]))],
  ["reshape and transpose", "2×3×4", (a) => weigh(mul(ops.reshape(ops.transpose(a, [2, 0, 1]), [3, 8]), ops.reshape(a, [3, 8])))],
  ["slice and pad", "3×5", (a) => weigh(add(a, ops.pad(ops.slice(a, 1, 1, 4), [[0, 0], [2, 0]])))], // prettier-ignore
  [
    "split and concat",
    "4×6",
    (a) => {
      const [x, y] = ops.splitEqually(a, 2, 0);
      const [p, q, r] = ops.split(mul(x, y), [1, 2, 3], 1);
      return weigh(mul(ops.concat([p, q, r, q], 1), ops.concat([q, r, p, q], 1)));
    },
  ],
  ["a part of a split alone", "2×4", (a) => weigh(ops.splitEqually(a, 2, 1)[1])],
  ["softmax", "3×4", (a) => weigh(ops.softmax(scale(a, 2)))],
  ["logSoftmax", "3×4", (a) => weigh(ops.logSoftmax(scale(a, 2)))],
  ["crossEntropy with probabilities", "3×4 3×4", (a, b) => ops.crossEntropy(scale(a, 2), ops.softmax(b)), 1],
  ["crossEntropy with classes", "3×4", (a) => ops.crossEntropy(scale(a, 2), integers(a.graph, [3], 2, 0, 2))],
  [
    "crossEntropy with weights",
    "3×4",
    (a) => ops.crossEntropy(a, integers(a.graph, [3], 1, 0, 3), a.graph.constant([0.7, 0, 0.3], [3])),
  ],
  ["conv2d, 3 × 3", "2×2×5×4 3×2×3×3", (x, w) => weigh(scale(ops.conv2d(x, w, { padding: 1 }), 0.3))],
  ["conv2d without padding", "2×2×4×5 2×2×2×3", (x, w) => weigh(scale(ops.conv2d(x, w), 0.3))],
  ["conv2d, 1 × 1", "2×3×3×3 2×3×1×1", (x, w) => weigh(scale(ops.conv2d(x, w), 0.3))],
  ["conv2d, 1 × 1, stride 2", "2×2×5×4 3×2×1×1", (x, w) => weigh(ops.conv2d(x, w, { stride: 2 }))],
  ["conv2d, 3 × 3, stride 2", "2×2×5×6 2×2×3×3", (x, w) => weigh(scale(ops.conv2d(x, w, stride2), 0.3))],
  ["conv2d, 4 × 4, stride 2", "1×2×6×6 2×2×4×4", (x, w) => weigh(scale(ops.conv2d(x, w, stride2), 0.3))],
  ["conv2dTransposed, stride 1", "1×2×4×4 2×3×3×3", (x, w) => weigh(scale(ops.conv2dTransposed(x, w, { padding: 1 }), 0.3))],
  ["conv2dTransposed, stride 2", "1×2×3×3 2×2×4×4", (x, w) => weigh(scale(ops.conv2dTransposed(x, w, stride2), 0.3))],
  ["maxPool", "2×2×4×4", (x) => weigh(ops.maxPool(scale(x, 1.5)))],
  ["averagePool", "2×2×4×4", (x) => weigh(ops.averagePool(x))],
  ["globalAveragePool", "2×2×3×3", (x) => weigh(scale(ops.globalAveragePool(x), 3))],
  ["batchNorm", "3×2×2×2 2 2", (x, gamma, beta) => weigh(scale(ops.batchNorm(x, gamma, beta).y, 0.5))],
  ["batchNorm of a matrix", "4×3 3 3", (x, gamma, beta) => weigh(scale(ops.batchNorm(x, gamma, beta).y, 0.5))],
  [
    "batchNormInference",
    "3×2×2×2 2 2 2 2",
    (x, gamma, beta, mean, v) => weigh(ops.batchNormInference(x, gamma, beta, mean, ops.shift(square(v), 1))),
  ],
  ["layerNorm", "2×3×4 4 4", (x, gamma, beta) => weigh(scale(ops.layerNorm(x, gamma, beta), 0.5))],
  ["embedding", "5×3", (table) => weigh(ops.embedding(table, integers(table.graph, [2, 2], 4, 0, 4, 1)))],
  [
    "lstm",
    "6×2 2×3 2×3 2×12 3×12 12",
    (x, h, c, wx, wh, b) => {
      const out = ops.lstm(x, { h, c }, { wx, wh, b }, 3);
      return add(weigh(scale(out.y, 3)), weigh(out.c));
    },
  ],
];

for (const [name, shapes, build, constants = 0] of cases) {
  test(`gradient of ${name}`, async () => {
    const sources = randomTensors(shapes);
    const rest = sources.splice(sources.length - constants);
    await assertGradients(sources, (...values) => build(...values, ...rest.map((source) => values[0].graph.input(source))));
  });
}

// At a kink, or where another pixel becomes the largest, a difference quotient says nothing: these have exact answers.
const weights = (graph, count) => graph.constant([2, 3, 4].slice(0, count), [count]);
const exactly = (name, build, data, shape, expected) =>
  test(`gradient of ${name} at its kinks`, async () => {
    const graph = new ops.Graph();
    const source = { data: Float32Array.from(data), shape };
    const y = build(graph.input(source));
    graph.gradients(sum(mul(y, weights(graph, y.shape.at(-1)))), [source]);
    const run = await graph.compile({ threads: 1 });
    await run();
    assert.deepEqual([...source.grad], expected);
  });
exactly("relu", ops.relu, [-1, 0, 1], [1, 3], [0, 0, 4]);
exactly("leakyRelu", (x) => ops.leakyRelu(x, 0.25), [-1, 0, 1], [1, 3], [0.5, 0.75, 4]);
exactly("maxPool", ops.maxPool, [1, 1, 0, -2, 1, 0, -1, -1], [1, 1, 2, 4], [2, 0, 3, 0, 0, 0, 0, 0]);
