// Sums over many blocks and pieces of both sizes have the processor's bits: norms, means of segments, norms of tensors.
import { AdaBelief, cuda, Fromage, parameter, type AnyParameter } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { onDevice, onHost, type Placement } from "../helpers/placement";
import { makeRandom } from "../helpers/random";

const block = 4096;
/** Around the blocks and batches that a thread sums: one, a batch of sixteen, two, and more. */
const shapes = [
  [63],
  [64],
  [65],
  [16 * block],
  [17 * block + 1],
  [33 * block + 5],
  [3, 18 * block + 7],
  [700, 63],
  [700, 64],
  [70, 65],
];
const seed = 15;

/** The parameters after two steps, and the norms of their gradients. */
function trained(make: (params: AnyParameter[]) => AdaBelief | Fromage, { put, get }: Placement, sizes: number[][]) {
  const random = makeRandom(seed);
  const values = (length: number) => Float32Array.from({ length }, () => random.word() / 2 ** 31 - 1);
  const params = sizes.map((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return parameter(put(values(length)), { shape, grad: put(values(length)) });
  });
  const optimizer = make(params as AnyParameter[]);
  const norms = [optimizer.step({ maxGradNorm: 1 }).gradNorm, optimizer.step({ maxGradNorm: 1e9 }).gradNorm];
  const data = params.map((p) => get(p.data).slice());
  optimizer.dispose();
  return { norms, data };
}

function expectSame(make: (params: AnyParameter[]) => AdaBelief | Fromage, sizes: number[][]): void {
  const wanted = trained(make, onHost, sizes);
  const got = trained(make, onDevice(0), sizes);
  expect(got.norms).toEqual(wanted.norms);
  sizes.forEach((shape, k) => {
    expectSameBits(got.data[k] as Float32Array, wanted.data[k] as Float32Array, `seed ${seed}: [${shape.join(", ")}]`);
  });
}

describe("sums of many blocks on a device have the host's bits", () => {
  it("is tested where CUDA runs", () => expect(cuda.available).toBe(true));
  it("in a clipped step", () => expectSame((params) => new AdaBelief(params), shapes));
  it("in a centralized step", () => expectSame((params) => new AdaBelief(params, { centralize: "all" }), shapes));
  it("in a step by the norms of tensors", () => expectSame((params) => new Fromage(params, { lr: 0.1 }), shapes));
  it("in a centralized step by the norms of tensors", () =>
    expectSame((params) => new Fromage(params, { lr: 0.1, centralize: "all" }), shapes));
});

it("a model of more than four million elements has the host's bits on a device", () =>
  expectSame((params) => new AdaBelief(params, { centralize: "all" }), [[1031, 4099], [5]]));
