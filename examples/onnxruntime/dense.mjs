// Dense layers: parameters for an optimizer, and what they do to the rows of a matrix, as nodes of a graph.
import { add, leakyRelu, matmul } from "../../experiments/graph/index.mjs";

/** The layers between these sizes, with weights uniform with variance 2/inputs, and biases of 0. */
export function makeLayers(random, name, ...sizes) {
  return sizes.slice(1).map((outputs, k) => {
    const bound = Math.sqrt(6 / sizes[k]);
    const weights = Float32Array.from({ length: sizes[k] * outputs }, () => (2 * random() - 1) * bound);
    return {
      weight: { data: weights, shape: [sizes[k], outputs], name: `${name}.${k}.weight` },
      bias: { data: new Float32Array(outputs), shape: [outputs], name: `${name}.${k}.bias` },
    };
  });
}

export const parametersOf = (layers) => layers.flatMap(({ weight, bias }) => [weight, bias]);

/** The layers one after another, leaky between them. */
export function applyLayers(graph, layers, x, slope) {
  return layers.reduce((x, { weight, bias }, k) => {
    const y = add(matmul(x, graph.input(weight)), graph.input(bias));
    return k < layers.length - 1 ? leakyRelu(y, slope) : y;
  }, x);
}
