// What `clipGradNorm` takes, and what it refuses: nothing that it is given is left out in silence.
import { Adam, clipGradNorm, Lookahead, parameter, SGD, type Parameter } from "../lib";
import { thrownBy } from "./helpers/snapshot";

/** Gradients of 3 and 4: the norm is 5. */
const two = () => [3, 4].map((value) => parameter(new Float32Array(1), { grad: Float32Array.of(value) }));
const clipped = [3, 4].map((value) => Math.fround(value * Math.fround(1 / (5 + 1e-6))));
const gradients = (params: readonly Parameter[]) => params.map(({ grad }) => grad?.[0]);
const clip = (given: unknown, ...rest: [object?]) => clipGradNorm(given as Parameter[], 1, ...(rest as [{ normType?: number }?]));

describe("clipGradNorm takes", () => {
  it.each<[string, (params: ReturnType<typeof two>) => unknown]>([
    ["an array", (params) => params],
    ["an iterator", (params) => params.values()],
    ["a set", (params) => new Set(params)],
    ["the values of a map", (params) => new Map(params.map((p, k) => [k, p])).values()],
    ["an optimizer", (params) => new Adam(params)],
    ["an optimizer of two groups", ([a, b]) => new SGD([{ params: a as Parameter }, { params: [b as Parameter] }])],
    ["a Lookahead", (params) => new Lookahead(new Adam(params))],
    ["paramGroups", (params) => new Adam(params).paramGroups],
    ["a group", (params) => new Adam(params).paramGroups[0]],
    ["groups as a constructor takes them", ([a, b]) => [{ params: a }, { params: [b] }]],
    ["an object with paramGroups", (params) => ({ paramGroups: new Adam(params).paramGroups })],
    ["a parameter that is listed twice", ([a, b]) => [a, b, a]],
    ["a parameter without a gradient", (params) => [...params, parameter(new Float32Array(2)), { data: new Float32Array(1) }]],
    [
      "two parameters with one gradient array",
      ([a, b]) => [a, b, parameter(new Float32Array(1), { grad: (b as Parameter).grad ?? null })],
    ],
    ["an empty group beside another", (params) => [{ params: [] }, { params }]],
  ])("%s", (_, given) => {
    const params = two();
    expect(clip(given(params))).toBe(5);
    expect(gradients(params)).toEqual(clipped);
  });

  it("one parameter", () => {
    const p = parameter(new Float32Array(2), { grad: Float32Array.of(3, 4) });
    expect(clip(p)).toBe(5);
    expect([...(p.grad as Float32Array)]).toEqual(clipped);
  });

  it("one parameter of a class with an accessor", () => {
    const own = Float32Array.of(3, 4);
    class Weight {
      readonly data = new Float32Array(2);
      get grad() {
        return own;
      }
    }
    expect(clip([new Weight()])).toBe(5);
    expect([...own]).toEqual(clipped);
  });

  it("an empty array, whose norm is 0", () => {
    expect(clip([])).toBe(0);
  });
});

describe("clipGradNorm refuses", () => {
  const usedUp = (params: Parameter[]) => {
    const values = params.values();
    for (const _ of values);
    return values;
  };
  const disposed = (params: Parameter[]) => {
    const optimizer = new Adam(params);
    optimizer.dispose();
    return optimizer;
  };
  it.each<[string, string, RegExp, (params: Parameter[]) => unknown]>([
    ["a map", "ERR_INVALID_PARAMETER", /map\.values\(\)/, (params) => new Map(params.map((p, k) => [k, p]))],
    ["an object of parameters", "ERR_INVALID_PARAMETER", /Object\.values/, ([w, b]) => ({ w, b })],
    ["an empty object", "ERR_INVALID_PARAMETER", /data and grad/, () => ({})],
    ["an empty object in an array", "ERR_INVALID_PARAMETER", /data and grad/, () => [{}]],
    ["a misnamed gradient", "ERR_INVALID_PARAMETER", /"grad"/, ([p]) => ({ data: p?.data, gradient: p?.grad })],
    ["a misnamed gradient in an array", "ERR_INVALID_PARAMETER", /"grad"/, ([p]) => [{ data: p?.data, grads: p?.grad }]],
    ["an iterator that is used up", "ERR_EMPTY_PARAMETERS", /used up/, usedUp],
    ["a group whose iterator is used up", "ERR_EMPTY_PARAMETERS", /used up/, (params) => ({ params: usedUp(params) })],
    [
      "a null gradient beside one by another name",
      "ERR_INVALID_PARAMETER",
      /"grad"/,
      () => [{ ...parameter(new Float32Array(2)), gradient: new Float32Array(2) }],
    ],
    ["an array under a short name", "ERR_INVALID_PARAMETER", /with "g"/, ([p]) => ({ data: p?.data, g: p?.grad })],
    ["numbers under another name", "ERR_INVALID_PARAMETER", /with "gradient"/, ([p]) => [{ data: p?.data, gradient: [3, 4] }]],
    [
      "doubles under another name",
      "ERR_INVALID_PARAMETER",
      /with "Grads"/,
      ([p]) => [{ data: p?.data, Grads: Float64Array.of(3) }],
    ],
    [
      "a class whose gradient has another name",
      "ERR_INVALID_PARAMETER",
      /with "gradient"/,
      ([p]) => [
        new (class {
          data = p?.data;
          get gradient() {
            return p?.grad;
          }
        })(),
      ],
    ],
    ["an empty set", "ERR_EMPTY_PARAMETERS", /used up/, () => new Set()],
    ["nested arrays", "ERR_INVALID_PARAMETER", /flat/, (params) => [params]],
    ["arrays", "ERR_INVALID_PARAMETER", /parameter\(/, (params) => params.map(({ grad }) => grad)],
    ["one array", "ERR_INVALID_PARAMETER", /parameter\(/, ([p]) => p?.grad],
    ["a group whose params are no parameters", "ERR_INVALID_PARAMETER", /params/, () => ({ params: 5 })],
    ["groups that are none", "ERR_INVALID_PARAMETER", /params/, () => ({ paramGroups: [{}] })],
    ["an optimizer that was disposed", "ERR_DISPOSED", /disposed/, disposed],
    ["an array of optimizers", "ERR_INVALID_PARAMETER", /each/, (params) => [new Adam(params)]],
    ["data that is no array", "ERR_INVALID_PARAMETER", /data and grad/, (params) => [{ data: params[0] }]],
    ["undefined", "ERR_INVALID_PARAMETER", /got undefined/, () => undefined],
    ["a string", "ERR_INVALID_PARAMETER", /got "weights"/, () => "weights"],
    ["null in an array", "ERR_INVALID_PARAMETER", /got null/, (params) => [...params, null]],
    ["doubles", "ERR_NOT_FLOAT32", /Float64Array/, (params) => [...params, { data: [], grad: new Float64Array(1) }]],
  ])("%s: %s", (_, code, message, given) => {
    const params = two();
    const error = thrownBy(() => clip(given(params)));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    expect(gradients(params)).toEqual([3, 4]);
  });

  it.each([
    ["overlapping views", [0, 3], [2, 5]],
    ["two views of the same memory", [0, 3], [0, 3]],
    ["a view within another", [0, 5], [1, 2]],
  ])("%s: ERR_OVERLAP", (_, first, second) => {
    const whole = new Float32Array(5).fill(2);
    const views = [first, second].map(([begin, end]) => whole.subarray(begin, end));
    const params = views.map((grad) => parameter(new Float32Array(grad.length), { grad }));
    expect(thrownBy(() => clip(params))).toMatchObject({ code: "ERR_OVERLAP" });
    expect([...whole]).toEqual([2, 2, 2, 2, 2]);
  });

  it("takes views that lie beside each other", () => {
    const whole = Float32Array.of(3, 4);
    const params = [0, 1].map((k) => parameter(new Float32Array(1), { grad: whole.subarray(k, k + 1) }));
    expect(clip(params)).toBe(5);
    expect([...whole]).toEqual(clipped);
  });
});
