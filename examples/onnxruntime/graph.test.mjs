// Every operation's gradient is what a difference quotient says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRandom } from "../shared/random.mjs";
import { Graph } from "./graph.mjs";

const random = makeRandom(1);
const array = (...shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, () => 2 * random() - 1) };
};
const targets = { shape: [3, 4], data: Float32Array.of(1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 1) };

/** The shapes of the inputs, and a scalar made of them, whose gradient is looked at. */
const cases = [
  ["matmul", "3×4 4×5", (g, a, b) => g.mean(g.tanh(g.matmul(a, b)))],
  ["matmul, the first transposed", "4×3 4×5", (g, a, b) => g.mean(g.tanh(g.matmul(a, b, { transA: true })))],
  ["matmul, the second transposed", "3×4 5×4", (g, a, b) => g.mean(g.tanh(g.matmul(a, b, { transB: true })))],
  ["matmul, both transposed", "4×3 5×4", (g, a, b) => g.mean(g.tanh(g.matmul(a, b, { transA: true, transB: true })))],
  ["add, a row", "3×4 4", (g, a, b) => g.mean(g.sigmoid(g.add(a, b)))],
  ["add, two of a shape", "3×4 3×4", (g, a, b) => g.mean(g.add(a, b))],
  ["add, the same twice", "3×4", (g, a) => g.mean(g.tanh(g.add(a, a)))],
  ["sub, mul, scale", "3×4 3×4", (g, a, b) => g.mean(g.mul(g.scale(g.sub(a, b), 3), g.mul(a, a)))],
  ["sigmoid and tanh", "3×4", (g, a) => g.mean(g.mul(g.sigmoid(a), g.tanh(a)))],
  ["leakyRelu", "3×4", (g, a) => g.mean(g.leakyRelu(g.scale(a, 5), 0.2))],
  ["softplus", "3×4", (g, a) => g.mean(g.softplus(g.scale(a, 5)))],
  ["crossEntropy", "3×4", (g, a) => g.crossEntropy(g.scale(a, 2), g.input(targets))],
  [
    "split and concat",
    "4×6",
    (g, a) => {
      const [x, y] = g.split(a, 2, 0);
      const [p, q, r] = g.split(g.mul(x, y), 3, 1);
      return g.mean(g.tanh(g.mul(g.concat([p, q, r, q], 1), g.concat([r, p, q, p], 1))));
    },
  ],
];

for (const [name, shapes, build] of cases) {
  test(`the gradient of ${name}`, async () => {
    const sources = shapes.split(" ").map((shape) => array(...shape.split("×").map(Number)));
    const graph = new Graph();
    const loss = build(graph, ...sources.map((source) => graph.input(source)));
    graph.gradients(loss, sources);
    const value = graph.output(loss);
    const run = await graph.compile();
    await run();
    const gradients = sources.map(({ grad }) => grad.slice()); // later runs write over them
    const lossAt = async (data, i, x) => {
      data[i] = x;
      await run();
      return value[0];
    };
    for (const [k, { data }] of sources.entries()) {
      for (const [i, x] of data.entries()) {
        const h = 1e-2;
        const quotient = ((await lossAt(data, i, x + h)) - (await lossAt(data, i, x - h))) / (2 * h);
        data[i] = x;
        // The quotient's own error: h²/6 times a third derivative of a few units, and float32's 6e-8 of the loss over h.
        const gradient = gradients[k][i];
        assert.ok(Math.abs(quotient - gradient) < 5e-4, `input ${k}, element ${i}: ${gradient}, difference quotient ${quotient}`);
      }
    }
  });
}

test("a part of a split that leads nowhere is an error", () => {
  const source = array(2, 4);
  const graph = new Graph();
  const [part] = graph.split(graph.input(source), 2, 1);
  assert.throws(() => graph.gradients(graph.mean(part), [source]), /Every part of a split/);
});
