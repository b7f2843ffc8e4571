// Measures one case: every backend and a plain JavaScript loop over the same arrays, interleaved, after the bits were compared.
import { AdaBelief, cpu, parameter, type Parameter } from "../lib/index";
import { warmUp, type Variant } from "./cases";
import { javascriptStep, type LoopState } from "./javascript";
import { race, spread, type Contestant, type Spread } from "./statistics";

export interface Case {
  readonly variant: Variant;
  /** Lengths of the tensors. */
  readonly tensors: readonly number[];
  readonly backends: readonly string[];
  readonly threads: readonly number[];
  readonly repeats: number;
}

export interface Result {
  optimizer: "AdaBelief" | "JavaScript loop";
  mode: "sync";
  dtype: "float32";
  device: "cpu";
  backend: string;
  threads: number;
  variant: string;
  tensors: number;
  parameters: number;
  ns_per_parameter: Spread;
  gb_per_s: number;
  /** How many times as fast as the JavaScript loop in the same run. */
  ratio_to_javascript: number;
}

function makeParameters(lengths: readonly number[]): (Parameter & { grad: Float32Array })[] {
  return lengths.map((length, k) => {
    const data = Float32Array.from({ length }, (_, i) => Math.sin(i + k));
    const grad = Float32Array.from({ length }, (_, i) => Math.cos(1.7 * i + k) * 1e-2);
    return { ...parameter(data), grad };
  });
}

/** Runs a few steps on every backend from the same start, and throws unless their bits are the same. */
function verify({ variant, tensors, backends }: Case): void {
  const results = backends.map((backend) => {
    cpu.backend = backend;
    const parameters = makeParameters(tensors.map((length) => Math.min(length, 100_003)));
    const optimizer = new AdaBelief(parameters, variant.options);
    for (let step = 0; step < warmUp; ++step) optimizer.step();
    return parameters.map(({ data }) => Buffer.from(data.buffer));
  });
  for (const [k, result] of results.entries()) {
    if (result.every((bytes, i) => bytes.equals(results[0]?.[i] as Buffer))) continue;
    throw new Error(`${backends[k]} and ${backends[0]} give different bits for ${variant.name}: nothing was timed`);
  }
}

export function measure(one: Case): Result[] {
  const { variant, tensors, backends, threads, repeats } = one;
  const before = { backend: cpu.backend, threads: cpu.threads };
  try {
    verify(one);
    const parameters = makeParameters(tensors);
    const optimizer = new AdaBelief(parameters, variant.options);
    for (let step = 0; step < warmUp; ++step) optimizer.step();
    const states = parameters.map((p) => optimizer.state.get(p) as unknown as LoopState);
    let t = warmUp;
    const contestants: Contestant[] = [
      ...backends.flatMap((backend) =>
        threads.map((count) => ({
          name: `${backend} ${count}`,
          prepare: () => void Object.assign(cpu, { backend, threads: count }),
          run: () => void optimizer.step(),
        })),
      ),
      {
        name: "javascript 1",
        run: () => {
          t += 1;
          parameters.forEach(({ data, grad }, k) => javascriptStep(data, grad, states[k] as LoopState, t));
        },
      },
    ];
    const samples = race(contestants, repeats);
    const total = tensors.reduce((sum, length) => sum + length, 0);
    const times = new Map([...samples].map(([name, list]) => [name, spread(list.map((ns) => ns / total))]));
    const loop = (times.get("javascript 1") as Spread).median;
    return [...times].map(([name, time]) => {
      const [backend = "", count] = name.split(" ");
      return {
        optimizer: backend === "javascript" ? "JavaScript loop" : "AdaBelief",
        mode: "sync",
        dtype: "float32",
        device: "cpu",
        backend,
        threads: Number(count),
        variant: variant.name,
        tensors: tensors.length,
        parameters: total,
        ns_per_parameter: time,
        gb_per_s: variant.bytes / time.median,
        ratio_to_javascript: loop / time.median,
      };
    });
  } finally {
    Object.assign(cpu, before);
  }
}
