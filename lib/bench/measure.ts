// Measures one case: checks that all backends give the same bits, then times the contestants in turn.
import { cpu, type Parameter } from "..";
import { bytesOf, warmUp, type Device, type Memory, type Mode, type Model, type Variant } from "./cases";
import { makeParameters, optimizers, type Entry } from "./contestants";
import { onDevice, parametersOnDevice } from "./device";
import { bandwidthBaselines } from "./bandwidth-baseline";
import { peers } from "./peers";
import { race, spread } from "./statistics";

export interface Case {
  readonly device: Device;
  readonly variant: Variant;
  readonly model: Model;
  readonly backends: readonly string[];
  readonly threads: readonly number[];
  readonly modes: readonly Mode[];
  readonly memories: readonly Memory[];
  readonly peers: boolean;
  readonly repeats: number;
}

export interface Result {
  optimizer: string;
  mode: Mode;
  dtype: "float32";
  device: Device;
  backend: string;
  threads: number;
  /** Where parameters and gradients lie. */
  memory: Memory;
  variant: string;
  /** A size, or the name of a model. */
  model: string;
  tensors: number;
  parameters: number;
  /** Median, and where the middle four fifths of the samples lie. */
  ns_per_parameter: number;
  ns_per_parameter_p10: number;
  ns_per_parameter_p90: number;
  /** The bytes that a step must move, over its time. */
  gb_per_s: number;
  /** What moving them costs on as many threads, in the same run. */
  limit_ns_per_parameter: number;
  ratio_to_limit: number;
  /** How many times as fast as the JavaScript loop in the same run, which there is for the plain variant; else null. */
  ratio_to_javascript: number | null;
}

/** Runs a few steps on every backend, or the device, from the same start, and throws unless their bits are the same. */
async function verify({ device, variant, model, backends, threads, modes }: Case): Promise<void> {
  let wanted: Buffer[] | undefined;
  const lengths = model.lengths.map((length) => Math.min(length, 100_003));
  for (const backend of backends) {
    for (const mode of modes) {
      Object.assign(cpu, { backend, threads: Math.max(...threads) });
      const parameters = makeParameters(lengths, "ordinary");
      const optimizer = variant.make(parameters);
      for (let step = 0; step < warmUp; ++step) {
        if (mode === "sync") optimizer.step(variant.step);
        else await optimizer.stepAsync(variant.step);
      }
      const result = parameters.map(({ data }) => Buffer.from(data.buffer));
      wanted ??= result;
      if (result.every((bytes, i) => bytes.equals(wanted?.[i] as Buffer))) continue;
      throw new Error(`${backend} (${mode}) and ${backends[0]} give different bits for ${variant.name}: nothing was timed`);
    }
  }
  if (device === "cpu") return;
  const parameters = parametersOnDevice(lengths);
  const optimizer = variant.make(parameters as unknown as Parameter[]);
  for (let step = 0; step < warmUp; ++step) optimizer.step(variant.step);
  const same = parameters.every(({ data }, i) => Buffer.from(data.read().buffer).equals(wanted?.[i] as Buffer));
  optimizer.dispose();
  for (const { data, grad } of parameters) for (const array of [data, grad]) array.dispose();
  if (!same) throw new Error(`The device and ${backends[0]} give different bits for ${variant.name}: nothing was timed`);
}

/** Milliseconds a turn. On a device each turn ends with waiting for it, which takes some 10 µs: a long turn makes that negligible. */
const turns: Readonly<Record<Device, number>> = { cpu: 3, cuda: 20 };

export async function measure(one: Case): Promise<Result[]> {
  const { variant, model, threads, repeats } = one;
  const before = { backend: cpu.backend, threads: cpu.threads };
  try {
    await verify(one);
    const counts = [...new Set([1, ...threads])];
    const ours =
      one.device === "cuda"
        ? onDevice(model.lengths, variant)
        : [...bandwidthBaselines(model.lengths, variant, counts), ...optimizers({ ...one, lengths: model.lengths })];
    const entries = [...ours, ...(one.peers && variant.name === "plain" ? await peers(model.lengths, threads, one.device) : [])];
    const parameters = model.lengths.reduce((sum, length) => sum + length, 0);
    const samples = await race(entries, repeats, turns[one.device]);
    const times = samples.map((list) => spread(list.map((ns) => ns / parameters)));
    const medianOf = (wanted: (entry: Entry) => boolean) => times[entries.findIndex(wanted)]?.median as number;
    const loop: number | undefined = medianOf(({ optimizer }) => optimizer === "JavaScript loop");
    return entries.map(({ optimizer, mode, backend, threads: count, memory, bytes = bytesOf(variant) }, k) => {
      const { median, p10, p90 } = times[k] as (typeof times)[number];
      const limit = medianOf((entry) => entry.optimizer === "limit" && entry.threads === count);
      return {
        ...{ optimizer, mode, dtype: "float32", device: one.device, backend, threads: count, memory, variant: variant.name },
        ...{ model: model.name, tensors: model.lengths.length, parameters },
        ...{ ns_per_parameter: median, ns_per_parameter_p10: p10, ns_per_parameter_p90: p90, gb_per_s: bytes / median },
        ...{
          limit_ns_per_parameter: limit,
          ratio_to_limit: median / limit,
          ratio_to_javascript: loop === undefined ? null : loop / median,
        },
      };
    });
  } finally {
    Object.assign(cpu, before);
  }
}
