// Operations element by element, with broadcasting as in NumPy.
import { expand, reshape, sum } from "./shape.mjs";
import { sameShape, sizeOf } from "./value.mjs";

export const zeros = (graph, shape) => expand(graph.constant([0]), shape);

/** The shape of an operation of two tensors. */
function broadcastShape(a, b) {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, k) => {
    const [p, q] = [a, b].map((shape) => shape[k - rank + shape.length] ?? 1);
    if (p !== q && p !== 1 && q !== 1) throw new RangeError(`Shapes [${a}] and [${b}] do not broadcast`);
    return p === 1 ? q : p;
  });
}

/** The gradient of a broadcast: sums over the axes along which a tensor of this shape was repeated. */
export function sumTo(gradient, shape) {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, k) => (k < lead || (shape[k - lead] === 1 && size !== 1) ? [k] : []));
  return reshape(sum(gradient, axes), shape);
}

function binary(opType, a, b, backward) {
  return a.graph.node(opType, [a, b], {
    shape: broadcastShape(a.shape, b.shape),
    backward: (g, y) => {
      const [toA, toB] = backward(g, y);
      return [() => sumTo(toA(), a.shape), () => sumTo(toB(), b.shape)];
    },
  });
}

export const add = (a, b) => binary("Add", a, b, (g) => [() => g, () => g]);
export const sub = (a, b) => binary("Sub", a, b, (g) => [() => g, () => scale(g, -1)]);
export const mul = (a, b) => binary("Mul", a, b, (g) => [() => mul(g, b), () => mul(g, a)]);
export const div = (a, b) => binary("Div", a, b, (g, y) => [() => div(g, b), () => scale(div(mul(g, y), b), -1)]);

const unary = (opType, x, derivative, attributes) =>
  x.graph.node(opType, [x], { attributes, backward: (g, y) => [() => derivative(g, y)] });

/** x · c for a number c. */
export const scale = (x, c) => x.graph.node("Mul", [x, x.graph.constant([c])], { backward: (g) => [() => scale(g, c)] });

/** x + c for a number c. */
export const shift = (x, c) => x.graph.node("Add", [x, x.graph.constant([c])], { backward: (g) => [() => g] });

export const square = (x) => mul(x, x);
export const sqrt = (x) => unary("Sqrt", x, (g, y) => scale(div(g, y), 0.5));
export const exp = (x) => unary("Exp", x, (g, y) => mul(g, y));
export const log = (x) => unary("Log", x, (g) => div(g, x));
export const reciprocal = (x) => unary("Reciprocal", x, (g, y) => scale(mul(g, square(y)), -1));
/** 1 / (1 + e^-x), with derivative y − y². */
export const sigmoid = (x) => unary("Sigmoid", x, (g, y) => mul(g, sub(y, square(y))));
/** tanh x, with derivative 1 − y². */
export const tanh = (x) => unary("Tanh", x, (g, y) => sub(g, mul(g, square(y))));
/** log(1 + e^x). */
export const softplus = (x) => unary("Softplus", x, (g) => mul(g, sigmoid(x)));

const sign = (x) => x.graph.node("Sign", [x], { backward: null });

/** max(x, 0). */
export const relu = (x) => unary("Relu", x, (g, y) => mul(g, sign(y)));

/** x where it is positive, slope · x elsewhere. */
export function leakyRelu(x, slope) {
  const { graph } = x;
  const derivative = () =>
    graph.memo(`leakyRelu ${x.name} ${slope}`, () => {
      const positive = graph.node("Greater", [x, graph.constant([0])], { backward: null });
      return graph.node("Where", [positive, graph.constant([1]), graph.constant([slope])], { shape: x.shape, backward: null });
    });
  return unary("LeakyRelu", x, (g) => mul(g, derivative()), { alpha: slope });
}

/** x, treated as a constant by gradients. */
export const detach = (x) => x.graph.fused(x, []);

/** The mean of all elements, a scalar. */
export const mean = (x) => scale(sum(x), 1 / sizeOf(x.shape));
