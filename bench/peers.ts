// Optimizers that a user of Node might take instead, where they are installed (npm install --prefix bench/peers, or beside the program).
// None of them has AdaBelief: each runs its Adam or AdamW, which reads and writes the same arrays.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "../lib/native";
import type { Device } from "./cases";
import { makeParameters, type Entry } from "./contestants";
import { pytorch } from "./pytorch";

type Module = Record<string, never>;

/** A package from the benchmark's own folder or from where the program runs; undefined where it is not installed. */
function find(name: string): { module: Module; folder: string } | undefined {
  for (const folder of [join(root, "bench", "peers"), process.cwd()]) {
    const require = createRequire(join(folder, "package.json"));
    try {
      return { module: require(name) as Module, folder: dirname(require.resolve(name)) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

interface Tensor {
  readonly name: string;
}
interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  tensor1d(values: Float32Array): Tensor;
  variable(tensor: Tensor, trainable: boolean, name: string): Tensor;
  train: { adam(learningRate: number): { applyGradients(gradients: Record<string, Tensor>): void } };
  env(): { set(flag: string, value: boolean): void };
}

/** Adam of TensorFlow.js on one of its backends. The gradients are tensors already, as tfjs makes them. */
async function tfjs(backend: "cpu" | "wasm", lengths: readonly number[]): Promise<Entry | undefined> {
  const core = find("@tensorflow/tfjs-core");
  const chosen = core && find(`@tensorflow/tfjs-backend-${backend}`);
  if (core === undefined || chosen === undefined) return undefined;
  const tf = core.module as unknown as Tfjs;
  tf.env().set("IS_TEST", true); // it prints a banner otherwise
  if (backend === "wasm") (chosen.module as unknown as { setWasmPaths(folder: string): void }).setWasmPaths(`${chosen.folder}/`);
  if (!(await tf.setBackend(backend))) return undefined;
  const gradients: Record<string, Tensor> = {};
  makeParameters(lengths, "ordinary").forEach(({ data, grad }, k) => {
    const name = `${backend} ${k} ${lengths.length} ${data.length} ${Math.random()}`; // variables are global, by name
    tf.variable(tf.tensor1d(data), true, name);
    gradients[name] = tf.tensor1d(grad);
  });
  const optimizer = tf.train.adam(1e-3);
  return {
    ...{ optimizer: "tfjs Adam", mode: "sync", backend: `tfjs-${backend}`, threads: 1, memory: "ordinary" },
    prepareAsync: () => tf.setBackend(backend),
    run: () => optimizer.applyGradients(gradients),
  };
}

/** AdamW of @ruvector/attention, one native object a tensor. */
function ruvector(lengths: readonly number[]): Entry | undefined {
  const found = find("@ruvector/attention");
  if (found === undefined) return undefined;
  type AdamW = new (length: number, lr: number, decay: number) => { stepInPlace(data: Float32Array, grad: Float32Array): void };
  const { AdamWOptimizer } = found.module as unknown as { AdamWOptimizer: AdamW };
  const tensors = makeParameters(lengths, "ordinary").map((p) => ({
    ...p,
    optimizer: new AdamWOptimizer(p.data.length, 1e-3, 0),
  }));
  return {
    ...{ optimizer: "ruvector AdamW", mode: "sync", backend: "ruvector", threads: 1, memory: "ordinary" },
    run: () => tensors.forEach(({ data, grad, optimizer }) => optimizer.stepInPlace(data, grad)),
  };
}

/** The peers that are installed, over parameters of their own. */
export async function peers(lengths: readonly number[], threads: readonly number[], device: Device): Promise<Entry[]> {
  if (device === "cuda") return pytorch(lengths, [1], device);
  const entries = [await tfjs("cpu", lengths), await tfjs("wasm", lengths), ruvector(lengths)];
  return [...entries.filter((entry): entry is Entry => entry !== undefined), ...(await pytorch(lengths, threads, device))];
}
