// Where the parameters and running statistics of a model live, and how layers find them.
import { parameter } from "adabelief";

/** Tensors by name, made at their first use: graphs for training and for evaluation share them. */
export class Network {
  parameters = new Map();
  /** Tensors that training changes without gradients: running means, power iterations. */
  buffers = new Map();

  /** `random` draws the initial weights. */
  constructor(random) {
    this.random = random;
  }

  get trainable() {
    return [...this.parameters.values()];
  }

  find(kind, name, shape, make) {
    const tensors = this[kind];
    if (!tensors.has(name)) {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length }, make);
      tensors.set(name, parameter(data, { name, shape }));
    }
    return tensors.get(name);
  }
}

/** One graph's view of a network, at a path of names. */
export class Scope {
  /** `updates` collects what is to be done after every run. */
  constructor({ graph, network, training, path = "", updates = [] }) {
    Object.assign(this, { graph, network, training, path, updates });
  }

  child(name) {
    return new Scope({ ...this, path: `${this.path}${name}.` });
  }

  /** A parameter, with elements drawn by `initial(random)`. */
  weight(name, shape, initial) {
    const { random } = this.network;
    return this.graph.input(this.network.find("parameters", this.path + name, shape, () => initial(random)));
  }

  /** A tensor without gradient, and the value of its initial elements. */
  buffer(name, shape, initial) {
    return this.network.find("buffers", this.path + name, shape, initial);
  }
}
