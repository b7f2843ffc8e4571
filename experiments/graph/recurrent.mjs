import { add, mul, sigmoid, tanh, zeros } from "./elementwise.mjs";
import { matmul } from "./matrix.mjs";
import { concat, reshape, split, splitEqually } from "./shape.mjs";
import { sizeOf } from "./value.mjs";

/** Row indices[k] of a table, for every k. */
export function embedding(table, indices) {
  const { graph } = table;
  const [, width] = table.shape;
  const count = sizeOf(indices.shape);
  return graph.node("Gather", [table, indices], {
    shape: [...indices.shape, width],
    attributes: { axis: 0 },
    backward: (g) => [
      () => {
        const rows = graph.node("Cast", [reshape(indices, [count, 1])], { type: "int64", attributes: { to: 7 } });
        return graph.node("ScatterND", [zeros(graph, table.shape), rows, reshape(g, [count, width])], {
          attributes: { reduction: "add" },
        });
      },
    ],
  });
}

/**
 * A long short-term memory (Hochreiter and Schmidhuber, 1997) over `length` moments. x holds the rows of the first moment, then those of
 * the second, and so on; h and c are the state before it.
 *
 *   i, f, o, u = x·wx + h·wh + b, in four parts
 *   c ← σ(f)·c + σ(i)·tanh(u)
 *   h ← σ(o)·tanh(c)
 *
 * Returns h of every moment, in the order of x, and the state after it.
 */
export function lstm(x, { h, c }, { wx, wh, b }, length) {
  const cells = wh.shape[0];
  const shown = [];
  for (const moment of splitEqually(add(matmul(x, wx), b), length, 0)) {
    const [gates, candidate] = split(add(moment, matmul(h, wh)), [3 * cells, cells], 1);
    const [i, f, o] = splitEqually(sigmoid(gates), 3, 1);
    c = add(mul(f, c), mul(i, tanh(candidate)));
    h = mul(o, tanh(c));
    shown.push(h);
  }
  return { y: concat(shown, 0), h, c };
}
