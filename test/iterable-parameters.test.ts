// A parameter object that can be iterated over, as a tensor class may be, is one parameter and no list.
import * as A from "../lib";
import { thrownBy } from "./helpers/snapshot";

class Tensor {
  readonly data = Float32Array.of(1, 2);
  grad: Float32Array | null = Float32Array.of(1, 1);

  *[Symbol.iterator](): Generator<number> {
    yield* this.data;
  }
}

it.each<[string, (tensor: Tensor) => A.Optimizer]>([
  ["{ params: tensor }", (tensor) => new A.SGD([{ params: tensor }], { lr: 1 })],
  ["[tensor]", (tensor) => new A.SGD([tensor], { lr: 1 })],
  [
    "addParamGroup({ params: tensor })",
    (tensor) => {
      const optimizer = new A.SGD([A.parameter(new Float32Array(1))], { lr: 1 });
      optimizer.addParamGroup({ params: tensor });
      return optimizer;
    },
  ],
])("%s is one parameter", (_, make) => {
  const tensor = new Tensor();
  const optimizer = make(tensor);
  expect(optimizer.step().updated).toBe(1);
  expect([...tensor.data]).toEqual([0, 1]);
  expect(optimizer.paramGroups.at(-1)?.params).toEqual([tensor]);
});

it.each<[string, (tensor: Tensor) => Parameters<typeof A.clipGradNorm>[0]]>([
  ["tensor", (tensor) => tensor],
  ["[tensor]", (tensor) => [tensor]],
  ["{ params: tensor }", (tensor) => ({ params: tensor })],
  ["[{ params: tensor }]", (tensor) => [{ params: tensor }]],
  ["{ paramGroups: [{ params: tensor }] }", (tensor) => ({ paramGroups: [{ params: tensor }] })],
])("clipGradNorm(%s) scales its gradient", (_, given) => {
  const tensor = new Tensor();
  expect(A.clipGradNorm(given(tensor), 0)).toBeCloseTo(Math.SQRT2, 12);
  expect([...(tensor.grad ?? [])]).toEqual([0, 0]);
});

it.each<[string, (tensor: never) => unknown, string]>([
  ["a constructor", (tensor) => new A.SGD(tensor), "[parameter]"],
  ["addParamGroup", (tensor) => A.SGD.prototype.addParamGroup.call(new A.SGD([new Tensor()]), tensor), "{ params: [parameter] }"],
])("%s refuses it where a list or a group belongs, and says what works", (_, act, words) => {
  const error = thrownBy(() => act(new Tensor() as never));
  expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
  expect(error.message).toContain(words);
});
