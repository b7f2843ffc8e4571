import type * as tfl from "@tensorflow/tfjs-layers";
import { dirname } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // brings the gradients of operations
import { makeRandom } from "./random";

export { tf };

tf.enableProdMode(); // no banner
setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);

/** Runs tests on both backends that let a step at their memory. Variables that a test makes are freed after it. */
export function onBothBackends(describeThem: (backend: "cpu" | "wasm") => void): void {
  describe.each(["cpu", "wasm"] as const)("on the backend %s", (backend) => {
    beforeEach(async () => expect(await tf.setBackend(backend)).toBe(true));
    afterEach(() => tf.disposeVariables());
    describeThem(backend);
  });
}

/** Floats in [-scale, scale), from a seed. */
export function floats(seed: number, length: number, scale = 1): Float32Array {
  const { word } = makeRandom(seed);
  return Float32Array.from({ length }, () => scale * (word() / 2 ** 31 - 1));
}

/** A variable of a shape with values from a seed. */
export function variable(name: string, shape: number[], seed: number): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(floats(seed, tf.util.sizeFromShape(shape)), shape), true, name));
}

/** A tensor's values, as a copy that nothing changes. */
export const valuesOf = (tensor: tf.Tensor): Float32Array => new Float32Array(tensor.dataSync());

/** One step with gradients by the names of their variables; null for a variable without. */
export function applyGradients(
  optimizer: tf.Optimizer,
  gradients: Record<string, Float32Array | null>,
  form: "map" | "list" = "map",
): void {
  const named: [string, tf.Tensor | null][] = Object.entries(gradients).map(([name, values]) => {
    const { shape } = tf.engine().registeredVariables[name] as tf.Variable;
    return [name, values && tf.tensor(values, shape, "float32")];
  });
  try {
    const list = named.map(([name, tensor]) => ({ name, tensor: tensor as tf.Tensor }));
    optimizer.applyGradients(form === "list" ? list : (Object.fromEntries(named) as tf.NamedTensorMap));
  } finally {
    tf.dispose(named.map(([, tensor]) => tensor as tf.Tensor));
  }
}

/** Saves a model with its optimizer, in memory. */
export async function saveModel(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler((artifacts) => {
    saved = artifacts;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" as const } });
  });
  await model.save(handler, { includeOptimizer: true });
  return saved;
}
