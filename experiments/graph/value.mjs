/** The number of elements of a tensor of this shape. */
export const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a, b) => a.length === b.length && a.every((size, k) => size === b[k]);

/**
 * A tensor in a graph: its name in ONNX, its shape, and how gradients flow back from it.
 *
 * `inputs` are the values that gradients flow to. `backward(gradient, value)` returns a function for each input, which builds that
 * input's part of the gradient. Only the needed ones are called. `collect`, where given, combines the parts of this value's own
 * gradient in place of a sum.
 */
export class Value {
  constructor(graph, { name, shape, type = "float32", inputs = [], backward, collect }) {
    Object.assign(this, { graph, name, shape, type, inputs, backward, collect });
  }
}

/** A part of a gradient of the form leftᵀ · right. Several parts of one matrix become a single matrix product. */
export class Product {
  constructor(left, right) {
    Object.assign(this, { left, right });
  }
}
