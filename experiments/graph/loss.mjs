import { mul, scale, sub } from "./elementwise.mjs";
import { logSoftmax } from "./matrix.mjs";
import { reshape, sum } from "./shape.mjs";

/**
 * The mean over rows of −Σ targets · log softmax(logits), a scalar. `targets` is a class for each row (Int32Array), or a matrix of
 * probabilities. `weights` is a weight for each row in place of the mean's 1/rows.
 */
export function crossEntropy(logits, targets, weights) {
  return targets.type === "int32" ? ofClasses(logits, targets, weights) : ofProbabilities(logits, targets);
}

const softmaxOf = (logits) => logits.graph.node("Softmax", [logits], { attributes: { axis: 1 } });

function ofProbabilities(logits, targets) {
  const rows = logits.shape[0];
  const loss = scale(sum(mul(logSoftmax(logits), targets)), -1 / rows);
  return logits.graph.fused(loss, [logits], (g) => [() => mul(sub(softmaxOf(logits), targets), scale(g, 1 / rows))]);
}

function ofClasses(logits, classes, weights) {
  const { graph } = logits;
  const rows = logits.shape[0];
  const column = reshape(classes, [rows, 1]);
  const picked = graph.node("GatherElements", [logSoftmax(logits), column], { shape: [rows, 1], attributes: { axis: 1 } });
  const weight = weights === undefined ? graph.constant([1 / rows]) : reshape(weights, [rows, 1]);
  const loss = scale(sum(mul(picked, weight)), -1);
  return graph.fused(loss, [logits], (g) => [
    () => {
      const minusOne = graph.constant(Array(rows).fill(-1), [rows, 1]);
      const difference = graph.node("ScatterElements", [softmaxOf(logits), column, minusOne], {
        attributes: { axis: 1, reduction: "add" },
      });
      return mul(difference, mul(g, weight));
    },
  ]);
}
