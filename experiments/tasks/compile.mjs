import { Graph } from "../graph/index.mjs";
import { Scope } from "../models/network.mjs";

/** A tensor to fill before a run. */
export function tensor(shape, Array = Float32Array) {
  return { shape, data: new Array(shape.reduce((product, size) => product * size, 1)) };
}

/**
 * Compiles what `build(graph)` returns: `outputs`, arrays filled by every run, by name; with `loss` and `gradients`, parameters whose
 * gradients every run writes. `build` gets scopes from `graph.scope(network, training)`.
 */
export async function compile(build) {
  const graph = new Graph();
  const updates = [];
  const scope = (network, training) => new Scope({ graph, network, training, updates });
  const { loss, gradients, outputs = {} } = build(graph, scope);
  if (gradients !== undefined) graph.gradients(loss, gradients);
  if (loss !== undefined) outputs.loss = loss;
  const arrays = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, graph.output(value)]));
  const compute = await graph.compile({ threads: 1 });
  const run = async () => {
    await compute();
    for (const update of updates) update();
  };
  return { ...arrays, run };
}

/** The time that gradients and steps take, in seconds. */
export class Clock {
  gradients = 0;
  steps = 0;

  async measure(part, work) {
    const started = performance.now();
    const result = await work();
    this[part] += (performance.now() - started) / 1000;
    return result;
  }
}
