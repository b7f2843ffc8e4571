// What is said of something else where parameters, a group, or an optimizer should be: the error names what was probably meant.
import { Adam, clipGradNorm, GradScaler, Lookahead, parameter, SGD, StepLR, WeightAverage, type Optimizer } from "../lib";
import { thrownBy } from "./helpers/snapshot";

const make = () => parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
const p = make();
const array = () => new Float32Array(1);
const any = (value: unknown) => value as never;

/** What people have at hand, and the words that lead from there to a list of parameters. */
const inPlaceOfParameters: [string, () => unknown, string][] = [
  ["a Map", () => new Map([["w", p]]), "map.values()"],
  ["an object of parameters", () => ({ w: p, b: make() }), "Object.values(object)"],
  ["an object of layers", () => ({ layer: { w: p } }), "Object.values(object).flatMap((layer) => Object.values(layer))"],
  ["an object of lists", () => ({ w: [p] }), "Object.values(object).flat()"],
  ["an object of Maps", () => ({ w: new Map([["w", p]]) }), "flatMap((map) => [...map.values()])"],
  ["an object of arrays", () => ({ w: array() }), "map((array) => parameter(array))"],
];

const optimizerOf = (): Optimizer => new Adam([make()]);

describe("in the place of a constructor's parameters", () => {
  it.each([
    ...inPlaceOfParameters,
    ["one parameter", make, "[parameter]"],
    ["one group", () => ({ params: [p] }), "[group]"],
    ["an array of floats", array, "[parameter(array)]"],
    ["an optimizer", optimizerOf, "optimizer.paramGroups.flatMap(({ params }) => params)"],
  ])("%s", (_, given, words) => {
    const error = thrownBy(() => new SGD(any(given())));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toContain(words);
  });
});

describe("in the place of a parameter in a list", () => {
  it.each([
    ...inPlaceOfParameters,
    ["a list", () => [p], "list.flat()"],
    ["an array of floats", array, "parameter(array)"],
    ["numbers", () => [1, 2], "Float32Array.from"],
    ["an optimizer", optimizerOf, "optimizer.paramGroups.flatMap"],
  ])("%s", (_, given, words) => {
    const error = thrownBy(() => new SGD([any(given())]));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toContain(words);
  });
});

describe("in the place of a group's params", () => {
  it.each([...inPlaceOfParameters, ["an optimizer", optimizerOf, "optimizer.paramGroups.flatMap"]] as typeof inPlaceOfParameters)(
    "%s",
    (_, given, words) => {
      const optimizer = new SGD([make()]);
      for (const act of [
        () => new SGD([{ params: any(given()) }]),
        () => {
          optimizer.addParamGroup({ params: any(given()) });
        },
      ]) {
        const error = thrownBy(act);
        expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
        expect(error.message).toContain(words);
      }
      expect(optimizer.paramGroups).toHaveLength(1);
    },
  );
});

describe("in the place of a group", () => {
  it.each([
    ...inPlaceOfParameters,
    ["a parameter", make, "{ params: [parameter] }"],
    ["a list of parameters", () => [make()], "{ params: list }"],
    ["a set of parameters", () => new Set([make()]), "{ params: list }"],
    ["an array of floats", array, "{ params: [parameter(array)] }"],
    ["an optimizer", optimizerOf, "{ params: optimizer.paramGroups.flatMap"],
  ])("%s", (_, given, words) => {
    const optimizer = new SGD([make()]);
    const error = thrownBy(() => {
      optimizer.addParamGroup(any(given()));
    });
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toContain(words);
    expect(error.message).toContain("{ params: ");
    expect(optimizer.paramGroups).toHaveLength(1);
  });
});

describe("in the place of what clipGradNorm takes", () => {
  it.each(inPlaceOfParameters)("%s", (_, given, words) => {
    for (const value of [given(), [given()]]) {
      const error = thrownBy(() => clipGradNorm(any(value), 1));
      expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
      expect(error.message).toContain(words);
    }
  });
});

describe("in the place of an optimizer", () => {
  const takers: [string, (value: never) => unknown][] = [
    ["WeightAverage", (value) => new WeightAverage(value)],
    ["a schedule", (value) => new StepLR(value, { step_size: 1 })],
    ["GradScaler.step", (value) => new GradScaler().step(value)],
    ["Lookahead", (value) => new Lookahead(value)],
  ];
  const given: [string, () => unknown][] = [
    ...inPlaceOfParameters.map(([what, value]) => [what, value] as [string, () => unknown]),
    ["a parameter", make],
    ["a list of parameters", () => [make()]],
    ["paramGroups", () => optimizerOf().paramGroups],
    ["a group", () => optimizerOf().paramGroups[0]],
  ];
  it.each(takers.flatMap(([who, act]) => given.map(([what, value]) => [who, what, act, value] as const)))(
    "%s says of %s to pass the optimizer itself",
    (_who, _what, act, value) => {
      const error = thrownBy(() => act(any(value())));
      expect(error).toHaveProperty("code", expect.stringMatching(/^ERR_(OPTIMIZER|INVALID_OPTION)$/));
      expect(error.message).toContain("pass the optimizer itself");
    },
  );
});

describe("what is right is taken as it is", () => {
  it("also a class whose parameters hold more", () => {
    class Weight {
      readonly data = Float32Array.of(1);
      readonly grad = Float32Array.of(1);
      readonly inner = { data: 1 };
    }
    const optimizer = new SGD([{ params: make() }, { params: [new Weight()] }]);
    expect(optimizer.step().updated).toBe(2);
  });
});
