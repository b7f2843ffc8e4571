// Reverse-mode differentiation. The gradient of a graph is a graph, so that it can be differentiated again.
import { add, zeros } from "./elementwise.mjs";
import { matmul } from "./matrix.mjs";
import { concat } from "./shape.mjs";
import { Product } from "./value.mjs";

/** The values between `wanted` and `end`, inputs before outputs. */
function pathTo(end, wanted) {
  const order = [];
  const leads = new Map(); // value → whether it depends on a wanted one
  const visit = (value) => {
    if (!leads.has(value)) {
      leads.set(value, false);
      const depends = value.inputs.map(visit).includes(true) || wanted.has(value);
      leads.set(value, depends);
      if (depends) order.push(value);
    }
    return leads.get(value);
  };
  visit(end);
  return { order, leads };
}

function total(parts) {
  const products = parts.filter((part) => part instanceof Product);
  const sums = parts.filter((part) => !(part instanceof Product));
  if (products.length > 0) {
    const side = (name) =>
      products.length === 1
        ? products[0][name]
        : concat(
            products.map((product) => product[name]),
            0,
          );
    sums.push(matmul(side("left"), side("right"), { transA: true }));
  }
  return sums.length === 0 ? undefined : sums.reduce((a, b) => add(a, b));
}

/** The gradients of the scalar `loss` with respect to values; zeros where the loss does not depend on one. */
export function gradientsOf(loss, values) {
  if (loss.shape.some((size) => size !== 1)) throw new RangeError(`Expected a scalar loss, got shape [${loss.shape}]`);
  const { order, leads } = pathTo(loss, new Set(values));
  const parts = new Map(order.map((value) => [value, []]));
  const totals = new Map();
  parts.get(loss)?.push(loss.graph.constant([1], loss.shape));
  for (const value of order.reverse()) {
    const gradient = value.collect?.(parts.get(value)) ?? total(parts.get(value));
    totals.set(value, gradient);
    if (gradient === undefined || !value.inputs.some((input) => leads.get(input))) continue;
    if (value.backward === undefined) throw new Error(`No gradient is defined through ${value.name}`);
    const backward = value.backward(gradient, value);
    value.inputs.forEach((input, k) => leads.get(input) && parts.get(input).push(backward[k]()));
  }
  return values.map((value) => totals.get(value) ?? zeros(loss.graph, value.shape));
}
