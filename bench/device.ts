// The same on a CUDA device: the step, and the least that it can cost there. Runs are launched one after the other and waited for
// together, as in a training.
import { cuda, type CudaArray, type Parameter } from "../lib/index";
import { memoryOf } from "../lib/cuda/array";
import { addon } from "../lib/native";
import { Work } from "../lib/work";
import { warmUp, type Variant } from "./cases";
import { makeParameters, type Entry } from "./contestants";

type DeviceParameter = Parameter<CudaArray> & { grad: CudaArray };

/** The same parameters as on the processor, copied. */
export function parametersOnDevice(lengths: readonly number[]): DeviceParameter[] {
  return makeParameters(lengths, "ordinary").map(({ data, grad, shape }) => ({
    shape: shape as readonly number[],
    data: cuda.from(data),
    grad: cuda.from(grad),
  }));
}

const launched = (run: () => void, wait: () => void): Pick<Entry, "run" | "time"> => ({
  run,
  time: (runs) => {
    const started = performance.now();
    for (let k = 0; k < runs; ++k) run();
    wait();
    return Promise.resolve((performance.now() - started) * 1e6);
  },
});

/** A contestant with memory on the device, given back when the race is over. */
const entry = (optimizer: string, backend: string, arrays: readonly CudaArray[], runs: Pick<Entry, "run" | "time">): Entry => ({
  ...{ optimizer, mode: "sync", backend, threads: 1, memory: "device", ...runs },
  close: () => arrays.forEach((array) => array.dispose()),
});

/** As many arrays as a variant has, read and written, with one addition each. */
function limit(lengths: readonly number[], states: number): Entry {
  const table = new addon.Table("limit");
  const work = new Work(lengths.length);
  table.resize(lengths.length);
  const arrays = lengths.map((length, row) => {
    const list = Array.from({ length: 2 + states }, () => cuda.allocate(length));
    const at = (k: number) => (k < list.length ? memoryOf(list[k] as CudaArray) : null);
    const [data, grad] = list.map(memoryOf);
    table.bind(row, length, 0, data as never, data as never, grad as never, at(2), at(3), at(4), null);
    return list;
  });
  work.variants[0] = states;
  work.give(table);
  const runs = launched(
    () => void table.step(1),
    () => table.synchronize(),
  );
  return entry("limit", "limit", arrays.flat(), runs);
}

/** Those that run on the device: the limit, which is that of the update alone, and the step. */
export function onDevice(lengths: readonly number[], variant: Variant): Entry[] {
  const parameters = parametersOnDevice(lengths);
  const optimizer = variant.make(parameters as unknown as Parameter[]);
  for (let step = 0; step < warmUp; ++step) optimizer.step(variant.step);
  const runs = launched(variant.step === undefined ? () => void optimizer.step() : () => void optimizer.step(variant.step), () =>
    optimizer.synchronize(),
  );
  const passes = variant.steps.flat();
  const states = Math.max(...passes.map((pass) => ("states" in pass ? pass.states : 0)));
  const step = entry(variant.optimizer, "cuda", [], runs);
  const arrays = parameters.flatMap(({ data, grad }) => [data, grad]);
  const close = () => {
    optimizer.dispose();
    for (const array of arrays) array.dispose();
  };
  return [limit(lengths, states), { ...step, close }];
}
