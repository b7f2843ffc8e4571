import { Adam, parameter, SGD, type Parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { makeRandom } from "./helpers/random";
import { thrownBy } from "./helpers/snapshot";

/** A sum in double: blocks of 4096 elements, each in sixteen partial sums that are added up in pairs. */
function sum(values: Float32Array): number {
  let total = 0;
  for (let begin = 0; begin < values.length; begin += 4096) {
    const lanes = new Float64Array(16);
    values.subarray(begin, begin + 4096).forEach((value, i) => ((lanes[i % 16] as number) += value));
    for (let half = 8; half >= 1; half /= 2) {
      for (let k = 0; k < half; ++k) (lanes[k] as number) += lanes[k + half] as number;
    }
    total = begin === 0 ? (lanes[0] as number) : total + (lanes[0] as number);
  }
  return total;
}

/** The gradient less the mean of each row, both rounded. */
function centralized(grad: Float32Array, shape: readonly number[]): Float32Array {
  const row = grad.length / (shape[0] as number);
  const result = new Float32Array(grad.length);
  for (let begin = 0; begin < grad.length; begin += row) {
    const mean = Math.fround(sum(grad.subarray(begin, begin + row)) / row);
    for (let i = begin; i < begin + row; ++i) result[i] = (grad[i] as number) - mean;
  }
  return result;
}

const shapes = [
  [7],
  [1, 7],
  [5, 1],
  [3, 40],
  [2, 4096],
  [3, 5000],
  [2, 3, 4],
  [2, 70, 70],
  [4, 3, 3, 3],
  [2, 1, 70, 70],
  [1, 2, 3, 4, 5],
];

const lengthOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe.each([
  ["all", 1],
  ["conv", 3],
] as const)("centralize: %j takes the mean from the rows of tensors of more than %d dimensions", (centralize, dimensions) => {
  onEveryBackend("and has the bits of gradients that were centralized before", () => {
    for (const seed of [1, 2, 3]) {
      const random = makeRandom(seed);
      const values = (length: number) => Float32Array.from({ length }, () => random.word() / 2 ** 31 - 1);
      const make = (shape: number[]): Parameter => ({ data: values(lengthOf(shape)), shape });
      const ours = shapes.map(make);
      const theirs = ours.map(({ data, ...rest }) => ({ ...rest, data: data.slice() })) as Parameter[];
      const optimizer = new Adam(ours, { centralize });
      const plain = new Adam(theirs);
      for (let step = 1; step <= 3; ++step) {
        shapes.forEach((shape, k) => {
          const grad = ((ours[k] as Parameter).grad = values(lengthOf(shape)));
          (theirs[k] as Parameter).grad = shape.length > dimensions ? centralized(grad, shape) : grad;
        });
        optimizer.step();
        plain.step();
        shapes.forEach((shape, k) => {
          const [p, wanted] = [ours[k] as Parameter, theirs[k] as Parameter];
          expectSameBits(p.data, wanted.data, `seed ${seed}, shape ${shape.join("×")}, step ${step}`);
        });
      }
    }
  });
});

describe("centralize", () => {
  it("comes after coupled weight decay", () => {
    const weight = parameter(Float32Array.of(1, 3), { shape: [1, 2], grad: Float32Array.of(4, 4) });
    new SGD([weight], { lr: 1, weight_decay: 1, centralize: "all" }).step();
    expect([...weight.data]).toEqual([2, 2]); // the gradient is (5, 7) less its mean
  });

  it("leaves a parameter without a shape alone", () => {
    const weight = parameter(Float32Array.of(1, 3), { grad: Float32Array.of(4, 2) });
    new SGD([weight], { lr: 1, centralize: "all" }).step();
    expect([...weight.data]).toEqual([-3, 1]);
  });

  it("is an option of a group, live, and saved", () => {
    const weight = parameter(Float32Array.of(0, 0), { shape: [1, 2], grad: Float32Array.of(4, 2) });
    const optimizer = new SGD([{ params: [weight], centralize: "all" }], { lr: 1 });
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ centralize: "all" });
    optimizer.step();
    expect([...weight.data]).toEqual([-1, 1]);
    (optimizer.paramGroups[0] as { centralize: unknown }).centralize = false;
    optimizer.step();
    expect([...weight.data]).toEqual([-5, -1]);
  });

  it.each([true, "rows", null, 1])("refuses %j", (centralize) => {
    const weight = parameter(new Float32Array(2));
    expect(thrownBy(() => new SGD([weight], { centralize } as object))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  });
});
