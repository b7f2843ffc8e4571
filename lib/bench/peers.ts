// Optimizers that a user of Node might take instead, where they are installed (npm ci --prefix bench/peers, or beside the program).
// None of them has AdaBelief: each runs its Adam or AdamW, which reads and writes the same arrays. In TensorFlow.js our own step runs too.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cpu } from "..";
import { root } from "../native/here";
import type { AdaBeliefOptimizer } from "../tfjs";
import type { Device } from "./cases";
import { makeParameters, type Entry } from "./contestants";
import { pytorch } from "./pytorch";

type Module = Record<string, never>;

/** Where the program runs; nowhere, if that folder was removed. */
function workingFolder(): string[] {
  try {
    return [process.cwd()];
  } catch {
    return [];
  }
}

/** A package from the benchmark's own folder or from where the program runs; undefined where it is not installed. */
function find(name: string): { module: Module; folder: string } | undefined {
  for (const folder of [join(root, "bench", "peers"), ...workingFolder()]) {
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
interface TfjsOptimizer {
  applyGradients(gradients: Record<string, Tensor>): void;
}
interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  tensor1d(values: Float32Array): Tensor;
  variable(tensor: Tensor, trainable: boolean, name: string): Tensor;
  train: { adam(learningRate: number): TfjsOptimizer };
  env(): { set(flag: string, value: boolean): void };
}

/** TensorFlow.js on one of its backends: its Adam, and our optimizer in it. The gradients are tensors already, as tfjs makes them. */
async function tfjs(backend: "cpu" | "wasm", lengths: readonly number[], threads: readonly number[]): Promise<Entry[]> {
  const core = find("@tensorflow/tfjs-core");
  const chosen = core && find(`@tensorflow/tfjs-backend-${backend}`);
  if (core === undefined || chosen === undefined) return [];
  const tf = core.module as unknown as Tfjs;
  tf.env().set("IS_TEST", true); // it prints a banner otherwise
  if (backend === "wasm") (chosen.module as unknown as { setWasmPaths(folder: string): void }).setWasmPaths(`${chosen.folder}/`);
  if (!(await tf.setBackend(backend))) return [];
  const { AdaBeliefOptimizer: Ours } = (await import("../tfjs/index.js")) as {
    AdaBeliefOptimizer: typeof AdaBeliefOptimizer;
  };
  const entry = (title: string, optimizer: TfjsOptimizer, count: number): Entry => {
    const gradients: Record<string, Tensor> = {};
    makeParameters(lengths, "ordinary").forEach(({ data, grad }, k) => {
      const name = `${title} ${backend} ${k} ${lengths.length} ${data.length} ${Math.random()}`; // variables are global, by name
      tf.variable(tf.tensor1d(data), true, name);
      gradients[name] = tf.tensor1d(grad);
    });
    return {
      ...{ optimizer: title, mode: "sync", backend: `tfjs-${backend}`, threads: count, memory: "ordinary" },
      prepare: () => void Object.assign(cpu, { backend: cpu.backends[0], threads: count }),
      prepareAsync: () => tf.setBackend(backend),
      run: () => optimizer.applyGradients(gradients),
    };
  };
  const ours = threads.map((count) => entry("AdaBelief in tfjs", new Ours(1e-3) as unknown as TfjsOptimizer, count));
  return [entry("tfjs Adam", tf.train.adam(1e-3), 1), ...ours];
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

/** Who can be a peer, by the beginning of the backend that results name. */
const names: Readonly<Record<string, string>> = {
  "tfjs-cpu": "TensorFlow.js (cpu)",
  "tfjs-wasm": "TensorFlow.js (wasm)",
  ruvector: "@ruvector/attention",
  torch: "PyTorch",
};

/** The peers that took no part, since they are not installed. On a device there is PyTorch alone. */
export function missingPeers(results: readonly { device: Device; backend: string; variant: string }[]): string[] {
  const measured = results.filter(({ variant }) => variant === "plain");
  if (measured.length === 0) return [];
  const expected = measured[0]?.device === "cuda" ? ["torch"] : Object.keys(names);
  const absent = expected.filter((name) => measured.every(({ backend }) => !backend.startsWith(name)));
  return absent.map((name) => names[name] as string);
}

/** The peers that are installed, over parameters of their own. */
export async function peers(lengths: readonly number[], threads: readonly number[], device: Device): Promise<Entry[]> {
  if (device === "cuda") return pytorch(lengths, [1], device);
  const inTfjs = [...(await tfjs("cpu", lengths, threads)), ...(await tfjs("wasm", lengths, threads))];
  const native = ruvector(lengths);
  return [...inTfjs, ...(native === undefined ? [] : [native]), ...(await pytorch(lengths, threads, device))];
}
