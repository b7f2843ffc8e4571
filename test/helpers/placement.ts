// Where the arrays of a test lie: how values get there, and back.
import { cuda, type CudaArray, type Floats } from "../../lib";

export interface Placement {
  readonly name: string;
  readonly put: (values: Float32Array) => Floats;
  readonly get: (array: Floats) => Float32Array;
  /** Ends the use of an array. */
  readonly drop: (array: Floats) => void;
}

/** The arrays themselves. */
export const onHost: Placement = {
  name: "the host",
  put: (values) => values,
  get: (array) => array as Float32Array,
  drop: () => undefined,
};

/** Each array in an allocation of its own. */
export const onDevice = (device: number): Placement => ({
  name: `device ${device}`,
  put: (values) => cuda.from(values, { device }),
  get: (array) => (array as CudaArray).read(),
  drop: (array) => (array as CudaArray).dispose(),
});

/** Each array a few floats into an allocation, where sixteen bytes do not begin, with a sentinel on either side. */
export const unaligned = (device: number, floats: number): Placement => ({
  name: `device ${device}, ${4 * floats} bytes off`,
  put: (values) => {
    const owner = cuda.from(Float32Array.of(...Array<number>(floats).fill(sentinel), ...values, sentinel), { device });
    const array = cuda.wrap({ pointer: owner.pointer + BigInt(4 * floats), length: values.length, device, owner });
    around.set(array, owner);
    return array;
  },
  get: (array) => {
    const whole = (around.get(array as CudaArray) as CudaArray).read();
    const values = whole.subarray(floats, -1);
    if (![...whole.subarray(0, floats), ...whole.subarray(-1)].every((value) => value === sentinel)) {
      throw new Error(`${floats} floats off: memory beside the array was written`);
    }
    return values;
  },
  drop: (array) => {
    (array as CudaArray).dispose();
    around.get(array as CudaArray)?.dispose();
  },
});

const sentinel = 123456;
const around = new WeakMap<CudaArray, CudaArray>();
