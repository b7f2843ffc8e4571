// A key that a parameter does not have would be ignored: a gradient under another name, as by other libraries, would update nothing.
import * as A from "../lib";
import { thrownBy } from "./helpers/snapshot";

const array = (...values: number[]) => Float32Array.from(values);
const make = (rest: object) => A.parameter(array(1), rest);

describe("parameter", () => {
  it.each([
    ["gradient", "grad"],
    ["grads", "grad"],
    ["Grad", "grad"],
    ["g", "grad"],
    ["dW", "grad"],
    ["dims", "shape"],
    ["Shape", "shape"],
    ["label", "name"],
    ["output", "out"],
  ])("refuses %s, and names %s", (key, right) => {
    const error = thrownBy(() => make({ [key]: array(1) }));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_UNKNOWN_OPTION" });
    expect(error.message).toBe(`parameter has no option "${key}": did you mean "${right}"?`);
  });

  it.each(["data", "lr", "params", "__proto__x"])("refuses %s, and lists what there is", (key) => {
    const error = thrownBy(() => make({ [key]: array(2) }));
    expect(error).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
    expect(error.message).toBe(`parameter has no option "${key}": it has grad, shape, name, out`);
  });

  it("takes every key that there is", () => {
    const rest = { grad: array(1), shape: [1], name: "w", out: array(0) };
    expect(make(rest)).toEqual({ data: array(1), ...rest });
  });
});

describe("an optimizer", () => {
  it.each<[string, () => object]>([
    ["gradient", () => ({ data: array(1), gradient: array(1) })],
    ["grads", () => ({ data: array(1), grads: array(1) })],
    [
      "gradient",
      () =>
        new (class {
          readonly data = array(1);
          get gradient() {
            return array(1);
          }
        })(),
    ],
  ])("refuses a parameter with %s and no grad", (key, parameter) => {
    const error = thrownBy(() => new A.SGD([parameter() as A.Parameter]));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toMatch(new RegExp(`^Parameter 0 .* with "${key}": the gradient's key is "grad"$`));
  });

  it("takes one that has both, and one that has neither", () => {
    const [both, neither] = [{ data: array(1), grad: array(1), gradient: array(9) }, { data: array(1) }];
    expect(new A.SGD([both, neither], { lr: 1 }).step().updated).toBe(1);
    expect([both.data[0], neither.data[0]]).toEqual([0, 1]);
  });

  it("takes one whose grad is null as yet", () => {
    expect(new A.SGD([{ data: array(1), grad: null, gradient: array(1) } as A.Parameter]).step().updated).toBe(0);
  });
});
