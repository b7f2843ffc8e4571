// A graph of ONNX nodes over arrays of the caller. Parameters are read and gradients are written in place, without copies.
import { gradientsOf } from "./gradient.mjs";
import { Session } from "./session.mjs";
import { sizeOf, Value } from "./value.mjs";

const typeOf = (array) => (array instanceof Int32Array ? "int32" : "float32");

export class Graph {
  #nodes = [];
  #initializers = [];
  #constants = new Map(); // content → value
  #memo = new Map();
  #inputs = new Map(); // source → value
  #outputs = new Map(); // value → array
  #names = 0;

  /** A tensor that every run reads from `source.data`: a parameter, or any object with data (Float32Array or Int32Array) and shape. */
  input(source) {
    if (!this.#inputs.has(source)) {
      if (source.data.length !== sizeOf(source.shape))
        throw new RangeError(`Expected ${sizeOf(source.shape)} elements for shape [${source.shape}], got ${source.data.length}`);
      this.#inputs.set(source, this.#value(source.shape, { type: typeOf(source.data) }));
    }
    return this.#inputs.get(source);
  }

  /** The array that every run fills with this value. */
  output(value, array = new Float32Array(sizeOf(value.shape))) {
    // ONNX allows a name once among the outputs, and an input is no output.
    const taken =
      this.#outputs.has(value) || [...this.#inputs.values(), ...this.#outputs.keys()].some(({ name }) => name === value.name);
    this.#outputs.set(taken ? this.node("Identity", [value]) : value, array);
    return array;
  }

  /** Every run writes the gradient of the scalar `loss` into `grad` of each of these inputs. */
  gradients(loss, sources) {
    const gradients = gradientsOf(
      loss,
      sources.map((source) => this.input(source)),
    );
    sources.forEach((source, k) => {
      source.grad ??= new Float32Array(source.data.length);
      this.output(gradients[k], source.grad);
    });
  }

  /** Builds the session. The returned function runs it: all inputs are read, all outputs written. */
  async compile({ threads = 0 } = {}) {
    const session = await Session.create(
      { nodes: this.#nodes, initializers: this.#initializers, inputs: this.#inputs, outputs: this.#outputs },
      threads,
    );
    return () => session.run();
  }

  /** A constant tensor of floats; equal constants are one. */
  constant(numbers, shape = []) {
    return this.#constant("float32", numbers, shape);
  }

  /** A vector of integers, the form in which ONNX takes shapes and axes. */
  integers(numbers) {
    return this.#constant("int64", numbers, [numbers.length]);
  }

  /**
   * Adds a node with one output. Without `backward` a gradient through the node is an error; `backward: null` means that the gradient
   * is 0 almost everywhere, and the output counts as a constant.
   */
  node(opType, inputs, { shape = inputs[0].shape, type, attributes = {}, domain = "", backward } = {}) {
    const value = this.#value(shape, { type, inputs: backward === null ? [] : inputs, backward: backward ?? undefined });
    this.#nodes.push({ opType, domain, attributes, input: inputs.map(({ name }) => name), output: [value.name] });
    return value;
  }

  /** Adds a node with several outputs, given as a shape or { shape, type } each. They count as constants until fused. */
  nodes(opType, inputs, outputs, attributes = {}) {
    const values = outputs.map((output) => this.#value(output.shape ?? output, { type: output.type }));
    this.#nodes.push({
      opType,
      domain: "",
      attributes,
      input: inputs.map(({ name }) => name),
      output: values.map(({ name }) => name),
    });
    return values;
  }

  /** The same tensor as `value`, as one operation of `inputs` with a gradient of its own. */
  fused(value, inputs, backward) {
    return new Value(this, { name: value.name, shape: value.shape, type: value.type, inputs, backward });
  }

  /** The result of `make`, made once for each key. */
  memo(key, make) {
    if (!this.#memo.has(key)) this.#memo.set(key, make());
    return this.#memo.get(key);
  }

  #value(shape, rest) {
    return new Value(this, { name: `v${(this.#names += 1)}`, shape, ...rest });
  }

  #constant(type, numbers, shape) {
    const key = `${type} [${shape}] ${numbers}`;
    if (!this.#constants.has(key)) {
      const value = this.#value(shape, { type });
      this.#initializers.push({ name: value.name, type, shape, numbers });
      this.#constants.set(key, value);
    }
    return this.#constants.get(key);
  }
}
