// The same on a CUDA device: the step, and the least that it can cost there. Runs are launched one after the other and waited for
// together, as in a training.
import { cuda, type CudaArray, type Parameter } from "..";
import { memoryOf } from "../cuda/array";
import { addon, elementType } from "../native/engine";
import { StepRequest } from "../step/step-request";
import { warmUp, type Variant } from "./cases";
import { makeParameters, rowsOf, type Entry } from "./contestants";

type DeviceParameter = Parameter<CudaArray> & { grad: CudaArray };

/** Longer tensors repeat their first elements: computing 10⁸ sines takes 15 s. */
const period = 1 << 20;

function repeat(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const result = new Float32Array(length);
  for (let at = 0; at < length; at += values.length) result.set(values.subarray(0, length - at), at);
  return result;
}

/** The parameters of the CPU's contestants, copied to the device. */
export function parametersOnDevice(lengths: readonly number[]): DeviceParameter[] {
  const periods = lengths.map((length) => Math.min(length, period));
  return makeParameters(periods, "ordinary").map(({ data, grad }, k) => {
    const length = lengths[k] as number;
    const rows = rowsOf(length);
    return {
      shape: [rows, length / rows],
      data: cuda.from(repeat(data, length)),
      grad: cuda.from(repeat(grad, length)),
    };
  });
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

/** As many arrays as a variant has, read and written, with one addition each. All hold ordinary values: zeros would draw less power. */
function limit(lengths: readonly number[], states: number): Entry {
  const table = new addon.Table("bandwidth_baseline");
  const request = new StepRequest(lengths.length);
  table.resize(lengths.length);
  const sets = Array.from({ length: 1 + Math.ceil(states / 2) }, () => parametersOnDevice(lengths));
  const arrays = lengths.map((length, row) => {
    const list = sets.flatMap((set) => [set[row]?.data, set[row]?.grad] as CudaArray[]);
    for (const surplus of list.splice(2 + states)) surplus.dispose();
    const at = (k: number) => (k < list.length ? memoryOf(list[k] as CudaArray) : null);
    const [data, grad] = list.map(memoryOf);
    table.bind(
      row,
      length,
      0,
      data as never,
      data as never,
      grad as never,
      at(2),
      at(3),
      at(4),
      null,
      null,
      elementType.float32,
      0,
      0,
    );
    return list;
  });
  request.variants[0] = states;
  request.give(table);
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
