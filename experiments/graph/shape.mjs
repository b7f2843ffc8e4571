// Reductions and operations that move elements.
import { sumTo, zeros } from "./elementwise.mjs";
import { sameShape, sizeOf, Value } from "./value.mjs";

const allAxes = (x) => x.shape.map((_, k) => k);
const reduced = (x, axes, keep) =>
  keep ? x.shape.map((size, k) => (axes.includes(k) ? 1 : size)) : x.shape.filter((_, k) => !axes.includes(k));

/** The sum over axes, by default all of them; `keep` leaves them with size 1. */
export function sum(x, axes = allAxes(x), { keep = false } = {}) {
  if (axes.length === 0) return x;
  return x.graph.node("ReduceSum", [x, x.graph.integers(axes)], {
    shape: reduced(x, axes, keep),
    attributes: { keepdims: Number(keep) },
    backward: (g) => [() => expand(reshape(g, reduced(x, axes, true)), x.shape)],
  });
}

/** The mean over axes. */
export function meanOver(x, axes, { keep = false } = {}) {
  const { graph } = x;
  const share = graph.constant([sizeOf(reduced(x, axes, true)) / sizeOf(x.shape)]);
  return graph.node("ReduceMean", [x, graph.integers(axes)], {
    shape: reduced(x, axes, keep),
    attributes: { keepdims: Number(keep) },
    backward: (g) => [
      () => {
        const scaled = graph.node("Mul", [g, share], { backward: (gg) => [() => graph.node("Mul", [gg, share])] });
        return expand(reshape(scaled, reduced(x, axes, true)), x.shape);
      },
    ],
  });
}

/** x, repeated along axes of size 1 and along new leading axes. */
export function expand(x, shape) {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.node("Expand", [x, x.graph.integers(shape)], { shape, backward: (g) => [() => sumTo(g, x.shape)] });
}

export function reshape(x, shape) {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(shape) !== sizeOf(x.shape)) throw new RangeError(`Shape [${x.shape}] cannot become [${shape}]`);
  return x.graph.node("Reshape", [x, x.graph.integers(shape)], {
    shape,
    type: x.type,
    backward: (g) => [() => reshape(g, x.shape)],
  });
}

/** Axis k of the result is axis order[k] of x. */
export function transpose(x, order) {
  const inverse = order.map((_, k) => order.indexOf(k));
  return x.graph.node("Transpose", [x], {
    shape: order.map((axis) => x.shape[axis]),
    attributes: { perm: order },
    backward: (g) => [() => transpose(g, inverse)],
  });
}

/** The elements from `start` to before `end` along an axis. */
export function slice(x, axis, start, end) {
  const bounds = [start, end, axis].map((number) => x.graph.integers([number]));
  return x.graph.node("Slice", [x, ...bounds], {
    shape: x.shape.with(axis, end - start),
    backward: (g) => [
      () =>
        pad(
          g,
          allAxes(x).map((k) => (k === axis ? [start, x.shape[axis] - end] : [0, 0])),
        ),
    ],
  });
}

/** x with zeros around it: for each axis, how many before and how many after. */
export function pad(x, amounts) {
  if (amounts.flat().every((count) => count === 0)) return x;
  const before = amounts.map(([count]) => count);
  const after = amounts.map(([, count]) => count);
  return x.graph.node("Pad", [x, x.graph.integers([...before, ...after])], {
    shape: x.shape.map((size, k) => before[k] + size + after[k]),
    backward: (g) => [
      () => before.reduce((y, start, k) => (amounts[k].some(Boolean) ? slice(y, k, start, start + x.shape[k]) : y), g),
    ],
  });
}

/** Values one after another along an axis. */
export function concat(values, axis) {
  const sizes = values.map(({ shape }) => shape[axis]);
  return values[0].graph.node("Concat", values, {
    shape: values[0].shape.with(
      axis,
      sizes.reduce((a, b) => a + b),
    ),
    attributes: { axis },
    backward: (g) => {
      let parts;
      return values.map((_, k) => () => (parts ??= split(g, sizes, axis))[k]);
    },
  });
}

/** x, cut into parts of these sizes along an axis. */
export function split(x, sizes, axis) {
  const { graph } = x;
  const parts = graph.nodes(
    "Split",
    [x, graph.integers(sizes)],
    sizes.map((size) => x.shape.with(axis, size)),
    { axis },
  );
  // The parts' gradients are not added but joined, by a value that stands for all parts together.
  const collect = (gradients) => {
    const found = new Map(gradients.map(({ index, gradient }) => [index, gradient]));
    return concat(
      parts.map((part, k) => found.get(k) ?? zeros(graph, part.shape)),
      axis,
    );
  };
  const joined = new Value(graph, {
    name: `parts of ${x.name}`,
    shape: x.shape,
    inputs: [x],
    backward: (g) => [() => g],
    collect,
  });
  // A part's own uses are added first, then the sum takes its place among the parts.
  return parts.map((part, index) => graph.fused(part, [joined], (gradient) => [() => ({ index, gradient })]));
}

/** x in `count` equal parts along an axis. */
export const splitEqually = (x, count, axis) => split(x, Array(count).fill(x.shape[axis] / count), axis);
