// Who runs: the step on every backend, the limit that memory sets, a plain JavaScript loop.
import { AdaBelief, cpu, parameter, type Parameter } from "../lib/index";
import { addon } from "../lib/native";
import { Work } from "../lib/work";
import { warmUp, type Mode, type Variant } from "./cases";
import { javascriptStep, type LoopState } from "./javascript";
import type { Contestant } from "./statistics";

export interface Entry extends Contestant {
  readonly optimizer: "AdaBelief" | "JavaScript loop" | "limit" | "tfjs Adam" | "ruvector AdamW" | `PyTorch ${string}`;
  readonly mode: Mode;
  readonly backend: string;
  readonly threads: number;
}

type Bench = Parameter & { grad: Float32Array };

/** Parameters with values and gradients that no two elements share. Where they lie is the caller's, as in a program. */
export function makeParameters(lengths: readonly number[]): Bench[] {
  return lengths.map((length, k) => {
    const data = Float32Array.from({ length }, (_, i) => Math.sin(i + k));
    const grad = Float32Array.from({ length }, (_, i) => Math.cos(1.7 * i + k) * 1e-2);
    return { ...parameter(data), grad };
  });
}

/** The step on each backend and number of threads, over the same parameters, and the JavaScript loop over them as well. */
export function optimizers(
  lengths: readonly number[],
  variant: Variant,
  backends: readonly string[],
  threads: readonly number[],
  modes: readonly Mode[],
): Entry[] {
  const parameters = makeParameters(lengths);
  const optimizer = new AdaBelief(parameters, variant.options);
  for (let step = 0; step < warmUp; ++step) optimizer.step();
  const native = backends.flatMap((backend) =>
    threads.flatMap((count) =>
      modes.map((mode): Entry => ({
        ...{ optimizer: "AdaBelief", mode, backend, threads: count },
        prepare: () => void Object.assign(cpu, { backend, threads: count }),
        run: mode === "sync" ? () => void optimizer.step() : () => optimizer.stepAsync(),
      })),
    ),
  );
  const states = parameters.map((p) => optimizer.state.get(p) as unknown as LoopState);
  let t = warmUp;
  const loop: Entry = {
    ...{ optimizer: "JavaScript loop", mode: "sync", backend: "javascript", threads: 1 },
    run: () => {
      t += 1;
      parameters.forEach(({ data, grad }, k) => javascriptStep(data, grad, states[k] as LoopState, t));
    },
  };
  return [...native, loop];
}

/**
 * The limit: as many tensors of the same lengths, in memory aligned to cache lines on huge pages, of which the same arrays are read
 * and written with one addition each.
 */
export function limits(lengths: readonly number[], variant: Variant, threads: readonly number[]): Entry[] {
  const table = new addon.Table("limit");
  const work = new Work(lengths.length);
  table.resize(lengths.length);
  const states = 2 + variant.limit;
  lengths.forEach((length, row) => {
    const [data, grad, ...rest] = Array.from({ length: 2 + states }, () => cpu.allocate(length).fill(1)) as [
      Float32Array,
      Float32Array,
    ];
    const [first = null, second = null, third = null] = rest;
    table.bind(row, length, data, data, grad, first, second, third, null);
    arraysOf.set(table, [...(arraysOf.get(table) ?? []), data, grad, ...rest]);
  });
  work.variants[0] = states;
  work.give(table);
  return threads.map((count) => ({
    ...{ optimizer: "limit", mode: "sync", backend: "limit", threads: count },
    prepare: () => void Object.assign(cpu, { backend: cpu.backends[0], threads: count }),
    run: () => void table.step(1),
  }));
}

/** A table keeps no memory alive: its arrays live as long as it does. */
const arraysOf = new WeakMap<object, Float32Array[]>();
