// A large tensor of random numbers, step by step beside the processor's.
import { AdaBelief, cpu, cuda, parameter } from "../../lib";
import { onGpu } from "../helpers/mock-driver";

const size = onGpu ? 100_000_000 : 100_003;
const steps = 20;
const seed = 20;

/** xorshift32, from −1 to 1: every float of the array is another one. */
function fill(array: Float32Array, from: number): Float32Array {
  let state = from;
  for (let i = 0; i < array.length; ++i) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    array[i] = state / 2 ** 31;
  }
  return array;
}

/** The place of the first difference; −1 if there is none. */
function firstDifference(a: Float32Array, b: Float32Array): number {
  const bits = [a, b].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length)) as [
    Uint32Array,
    Uint32Array,
  ];
  for (let i = 0; i < a.length; ++i) if (bits[0][i] !== bits[1][i]) return i;
  return -1;
}

it(`on a device ${size} random parameters have the processor's bits after each of ${steps} steps`, () => {
  const data = fill(cpu.allocate(size), seed);
  // Three gradients in turn: no step has those of the one before.
  const grads = [1, 2, 3].map((k) => fill(cpu.allocate(size), seed + k));
  const onHost = parameter(data);
  const onDevice = parameter(cuda.from(data));
  const options = { weight_decay: 0.01, amsgrad: true };
  const optimizers = [new AdaBelief([onHost], options), new AdaBelief([onDevice], options)] as const;
  const gradsOnDevice = grads.map((grad) => cuda.from(grad));
  for (let step = 0; step < steps; ++step) {
    onHost.grad = grads[step % 3] as Float32Array;
    onDevice.grad = gradsOnDevice[step % 3] as (typeof gradsOnDevice)[number];
    for (const optimizer of optimizers) optimizer.step();
    const difference = firstDifference(onDevice.data.read(), data);
    expect({ seed, step, difference }).toEqual({ seed, step, difference: -1 });
  }
  const state = [optimizers[0].state.get(onHost), optimizers[1].state.get(onDevice)] as const;
  for (const key of ["exp_avg", "exp_avg_var", "max_exp_avg_var"] as const) {
    const [host, device] = [state[0]?.[key], state[1]?.[key]];
    expect({ key, difference: firstDifference(device?.read() as Float32Array, host as Float32Array) }).toEqual({
      key,
      difference: -1,
    });
  }
  for (const array of [onDevice.data, ...gradsOnDevice]) array.dispose();
}, 600_000);
