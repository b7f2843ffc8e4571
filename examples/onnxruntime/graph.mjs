// A loss and its gradients as one ONNX graph over arrays of the caller's, run by onnxruntime. onnxruntime has no gradients of its own,
// but the gradient of a graph is a graph: every operation here adds its node, and knows which nodes its gradient is made of.
import onnxProto from "onnx-proto";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
// onnxruntime's threads and the optimizer's take turns: those that have nothing to do should sleep, not spin.
const sessionOptions = { extra: { session: { intra_op: { allow_spinning: "0" } } } };

const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

/** What flows along the edges of a graph: a name for onnxruntime, a shape, and how gradients go back from it. */
class Value {
  constructor(name, shape, inputs = [], backward = undefined) {
    Object.assign(this, { name, shape, inputs, backward });
  }
}

export class Graph {
  #nodes = [];
  #constants = [];
  #inputs = new Map(); // what holds the array → its value
  #outputs = new Map(); // value → the array that a run fills
  #count = 0;

  /** A matrix or vector that every run reads from `source.data`: a parameter of an optimizer, or any object with data and shape. */
  input(source) {
    if (!this.#inputs.has(source)) this.#inputs.set(source, new Value(this.#name(), source.shape));
    return this.#inputs.get(source);
  }

  /** The array into which every run writes this value. */
  output(value, array = new Float32Array(sizeOf(value.shape))) {
    // One value may be the gradient of several inputs, and a name is written once.
    this.#outputs.set(this.#outputs.has(value) ? this.#node("Identity", [value]) : value, array);
    return array;
  }

  /** From now on every run writes the gradient of the scalar `loss` into the `grad` of each of these inputs. */
  gradients(loss, sources) {
    const wanted = new Set(sources.map((source) => this.input(source)));
    const order = [];
    const leads = new Map(); // value → whether it depends on what is wanted
    const visit = (value) => {
      if (leads.has(value)) return leads.get(value);
      const depends = value.inputs.map(visit).some(Boolean) || wanted.has(value);
      leads.set(value, depends);
      if (depends) order.push(value);
      return depends;
    };
    visit(loss);
    const parts = new Map(order.map((value) => [value, []]));
    const total = (value) => value.total?.(parts.get(value)) ?? this.#sum(parts.get(value));
    parts.get(loss).push(this.#constant([1], []));
    for (const value of order.reverse()) {
      if (value.backward === undefined) continue;
      const gradients = value.backward(total(value), value);
      value.inputs.forEach((input, k) => leads.get(input) && parts.get(input).push(gradients[k]()));
    }
    for (const source of sources) {
      source.grad ??= new Float32Array(source.data.length);
      this.output(total(this.input(source)), source.grad);
    }
  }

  /** Hands the graph to onnxruntime. What comes back runs it once: it reads all inputs and fills all outputs. */
  async compile() {
    const infoOf = ({ name, shape }) => ({
      name,
      type: { tensorType: { elemType: TensorProto.DataType.FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
    });
    const graph = {
      name: "graph",
      node: this.#nodes,
      initializer: this.#constants,
      input: [...this.#inputs.values()].map(infoOf),
      output: [...this.#outputs.keys()].map(infoOf),
    };
    const model = ModelProto.encode({ irVersion: 8, opsetImport: [{ version: 17 }], graph }).finish();
    const session = await InferenceSession.create(model, sessionOptions);
    // Tensors over the arrays themselves: nothing is copied on the way in or out.
    const tensor = (array, { shape }) => new Tensor("float32", array, shape);
    const fetches = Object.fromEntries([...this.#outputs].map(([value, array]) => [value.name, tensor(array, value)]));
    return async () => {
      const feeds = [...this.#inputs].map(([source, value]) => [value.name, tensor(source.data, value)]);
      await session.run(Object.fromEntries(feeds), fetches);
    };
  }

  /** The product of two matrices, either of them transposed. */
  matmul(a, b, { transA = false, transB = false } = {}) {
    const shape = [a.shape[transA ? 1 : 0], b.shape[transB ? 0 : 1]];
    const attributes = { transA: Number(transA), transB: Number(transB) };
    return this.#node("Gemm", [a, b], shape, attributes, (g) => [
      () => (transA ? this.matmul(b, g, { transA: transB, transB: true }) : this.matmul(g, b, { transB: !transB })),
      () => (transB ? this.matmul(g, a, { transA: true, transB: transA }) : this.matmul(a, g, { transA: !transA })),
    ]);
  }

  /** a + b, where b may be a vector that is added to every row of a. */
  add(a, b) {
    const rows = b.shape.length < a.shape.length;
    return this.#node("Add", [a, b], a.shape, {}, (g) => [() => g, () => (rows ? this.#sumOfRows(g, b.shape) : g)]);
  }

  sub(a, b) {
    return this.#node("Sub", [a, b], a.shape, {}, (g) => [() => g, () => this.scale(g, -1)]);
  }

  /** a · b, element by element. */
  mul(a, b) {
    return this.#node("Mul", [a, b], a.shape, {}, (g) => [() => this.mul(g, b), () => this.mul(g, a)]);
  }

  /** x · c for a number c. */
  scale(x, c) {
    return this.#node("Mul", [x, this.#constant([c], [])], x.shape, {}, (g) => [() => this.scale(g, c)]);
  }

  /** y = 1 / (1 + e^-x), whose derivative is y − y². */
  sigmoid(x) {
    return this.#node("Sigmoid", [x], x.shape, {}, (g, y) => [() => this.mul(g, this.sub(y, this.mul(y, y)))]);
  }

  /** y = tanh x, whose derivative is 1 − y². */
  tanh(x) {
    return this.#node("Tanh", [x], x.shape, {}, (g, y) => [() => this.sub(g, this.mul(g, this.mul(y, y)))]);
  }

  /** x where it is positive, `slope` · x elsewhere. */
  leakyRelu(x, slope) {
    return this.#node("LeakyRelu", [x], x.shape, { alpha: slope }, (g) => [
      () => this.#node("Where", [this.#node("Greater", [x, this.#constant([0], [])]), g, this.scale(g, slope)], x.shape),
    ]);
  }

  /** log(1 + e^x). */
  softplus(x) {
    return this.#node("Softplus", [x], x.shape, {}, (g) => [() => this.mul(g, this.sigmoid(x))]);
  }

  /** The mean of all elements, a scalar. */
  mean(x) {
    const share = 1 / sizeOf(x.shape);
    return this.#node("ReduceMean", [x], [], { keepdims: 0 }, (g) => [
      () => this.#node("Expand", [this.scale(g, share), this.#whole(x.shape)], x.shape),
    ]);
  }

  /** The mean over rows of −Σ targets · log softmax(logits), a scalar; each row of targets adds up to 1. */
  crossEntropy(logits, targets) {
    const [rows, columns] = logits.shape;
    const logs = this.#node("LogSoftmax", [logits], logits.shape);
    const { name } = this.scale(this.mean(this.mul(logs, targets)), -columns);
    return new Value(name, [], [logits], (g) => [
      () => this.mul(this.sub(this.#node("Softmax", [logits], logits.shape), targets), this.scale(g, 1 / rows)),
    ]);
  }

  /** Values one after another along an axis. */
  concat(values, axis) {
    const shape = values[0].shape.with(
      axis,
      values.reduce((sum, { shape }) => sum + shape[axis], 0),
    );
    return this.#node("Concat", values, shape, { axis }, (g) => {
      const parts = this.split(g, values.length, axis);
      return parts.map((part) => () => part);
    });
  }

  /** `count` equal parts along an axis, all of which must lead to the loss if one does. */
  split(x, count, axis) {
    const shape = x.shape.with(axis, x.shape[axis] / count);
    const names = Array.from({ length: count }, () => this.#name());
    this.#push("Split", [x, this.#whole(names.map(() => shape[axis]))], names, { axis });
    // The parts' gradients do not add up: they are put together again, in the place of the parts as a whole.
    const parts = new Value(names.join(), x.shape, [x], (g) => [() => g]);
    parts.total = (gradients) => {
      if (gradients.length !== count) throw new Error("Every part of a split must lead to the loss");
      return this.concat(
        gradients.sort((a, b) => a.k - b.k).map(({ g }) => g),
        axis,
      );
    };
    return names.map((name, k) => new Value(name, shape, [parts], (g) => [() => ({ k, g })]));
  }

  #name() {
    return `v${(this.#count += 1)}`;
  }

  /** Adds a node of one output, whose gradient goes back to its inputs as `backward` says: a function for each of them. */
  #node(opType, inputs, shape = inputs[0].shape, attributes = {}, backward = undefined) {
    const value = new Value(this.#name(), shape, inputs, backward);
    this.#push(opType, inputs, [value.name], attributes);
    return value;
  }

  #push(opType, inputs, output, attributes) {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      name === "alpha"
        ? { name, f: value, type: AttributeProto.AttributeType.FLOAT }
        : { name, i: value, type: AttributeProto.AttributeType.INT },
    );
    this.#nodes.push({ opType, input: inputs.map(({ name }) => name), output, attribute });
  }

  #constant(numbers, dims) {
    return this.#initializer({ dims, dataType: TensorProto.DataType.FLOAT, floatData: numbers });
  }

  /** A vector of whole numbers, as onnxruntime takes shapes and axes. */
  #whole(numbers) {
    return this.#initializer({ dims: [numbers.length], dataType: TensorProto.DataType.INT64, int64Data: numbers });
  }

  #initializer(tensor) {
    const value = new Value(this.#name(), tensor.dims);
    this.#constants.push({ name: value.name, ...tensor });
    return value;
  }

  #sum(values) {
    return values.length === 1 ? values[0] : this.#node("Sum", values);
  }

  #sumOfRows(x, shape) {
    return this.#node("ReduceSum", [x, this.#whole([0])], shape, { keepdims: 0 });
  }
}
