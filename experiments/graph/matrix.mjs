// Products of matrices, and what is done to the rows of one.
import { mul, sub } from "./elementwise.mjs";
import { sum } from "./shape.mjs";
import { Product } from "./value.mjs";

function checkProduct(a, b, transA, transB) {
  const [inner, outer] = [a.shape.at(transA ? -2 : -1), b.shape.at(transB ? -1 : -2)];
  if (inner !== outer) throw new RangeError(`Shapes [${a.shape}] and [${b.shape}] cannot be multiplied`);
}

/** The product of two matrices, either of them transposed. */
export function matmul(a, b, { transA = false, transB = false } = {}) {
  checkProduct(a, b, transA, transB);
  const toB = (g) => {
    if (transA) return transB ? matmul(g, a, { transA: true, transB: true }) : matmul(a, g);
    return transB ? new Product(g, a) : new Product(a, g);
  };
  return a.graph.node("Gemm", [a, b], {
    shape: [a.shape[transA ? 1 : 0], b.shape[transB ? 0 : 1]],
    attributes: { transA: Number(transA), transB: Number(transB) },
    backward: (g) => [
      () => (transA ? matmul(b, g, { transA: transB, transB: true }) : matmul(g, b, { transB: !transB })),
      () => toB(g),
    ],
  });
}

/** alpha · a · b for stacks of matrices, of equal leading axes; either stack's matrices transposed. */
export function batchMatmul(a, b, { transA = false, transB = false, alpha = 1 } = {}) {
  checkProduct(a, b, transA, transB);
  const product = (p, q, tP, tQ) => batchMatmul(p, q, { transA: tP, transB: tQ, alpha });
  return a.graph.node("FusedMatMul", [a, b], {
    shape: [...a.shape.slice(0, -2), a.shape.at(transA ? -1 : -2), b.shape.at(transB ? -2 : -1)],
    domain: "com.microsoft",
    attributes: { transA: Number(transA), transB: Number(transB), alpha },
    backward: (g) => [
      () => (transA ? product(b, g, transB, true) : product(g, b, false, !transB)),
      () => (transB ? product(g, a, true, transA) : product(a, g, !transA, false)),
    ],
  });
}

/** e^x / Σ e^x along the last axis. */
export function softmax(x) {
  const axis = x.shape.length - 1;
  return x.graph.node("Softmax", [x], {
    attributes: { axis },
    backward: (g, y) => [
      () => {
        const weighted = mul(g, y);
        return sub(weighted, mul(y, sum(weighted, [axis], { keep: true })));
      },
    ],
  });
}

/** log softmax(x) along the last axis. */
export function logSoftmax(x) {
  const axis = x.shape.length - 1;
  return x.graph.node("LogSoftmax", [x], {
    attributes: { axis },
    backward: (g) => [() => sub(g, mul(softmax(x), sum(g, [axis], { keep: true })))],
  });
}
