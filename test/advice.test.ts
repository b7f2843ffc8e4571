// The code that an error advises is run: it leads to an optimizer that updates every parameter, and to no other error.
import * as A from "../lib";
import { thrownBy } from "./helpers/snapshot";

const make = () => A.parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
const array = () => new Float32Array(1);
const optimizer = (): A.Optimizer => new A.SGD([{ params: [make()] }, { params: [make(), make()], lr: 0.5 }]);
const groups = () => optimizer().paramGroups;
const mapOf = () => new Map([["w", make()]]);

/** Runs the code of a message, in which every name stands for what was given. */
function follow(message: string, given: unknown): unknown {
  const code = / pass (?:(?:its|their) parameters, )?(.+)$/.exec(message)?.[1] ?? "";
  const names = ["optimizer", "groups", "group", "object", "map"];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- code of our own messages
  const run = new Function(...names, "parameter", `return (${code.replace(", …]", "]")});`) as (...all: unknown[]) => unknown;
  return run(...names.map(() => given), A.parameter);
}

const cases: [string, () => unknown, number][] = [
  ["an optimizer's groups", groups, 3],
  ["a group", () => groups()[1], 2],
  ["an optimizer", optimizer, 3],
  ["a Map", mapOf, 1],
  ["an object", () => ({ w: make(), b: make() }), 2],
  ["an object of layers", () => ({ one: { w: make() }, two: { w: make(), b: make() } }), 3],
  ["an object of models of layers", () => ({ m: { l: { w: make() }, k: { w: make() } } }), 2],
  ["an object four deep", () => ({ a: { m: { l: { w: make() } } } }), 1],
  ["an object of lists", () => ({ w: [make(), make()] }), 2],
  ["an object of layers of lists", () => ({ l: { w: [make(), make()] } }), 2],
  ["an object of Maps", () => ({ w: mapOf() }), 1],
  ["an object of arrays", () => ({ w: array() }), 1],
  ["an object of layers of arrays", () => ({ l: { w: array(), b: array() } }), 2],
];

const counted = (made: A.Optimizer) => made.paramGroups.flatMap(({ params }) => params).length;

describe("in the place of a group's params", () => {
  it.each(cases)("%s", (_, given, count) => {
    const value = given();
    const error = thrownBy(() => new A.SGD([{ params: value as never }]));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(counted(new A.SGD([{ params: follow(error.message, value) as never }]))).toBe(count);
  });
});

describe("in the place of a constructor's parameters", () => {
  it.each(cases.filter(([what]) => what !== "an optimizer's groups" && what !== "a group"))("%s", (_, given, count) => {
    const value = given();
    const error = thrownBy(() => new A.SGD(value as never));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(counted(new A.SGD(follow(error.message, value) as never))).toBe(count);
  });
});

describe("in the place of a group", () => {
  it.each(cases.filter(([what]) => what !== "an optimizer's groups" && what !== "a group"))("%s", (_, given, count) => {
    const value = given();
    const to = new A.SGD([make()]);
    const add = (group: unknown) => () => {
      to.addParamGroup(group as never);
    };
    const error = thrownBy(add(value));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    add(follow(error.message, value))();
    expect(counted(to)).toBe(1 + count);
  });

  it("a list of groups: they are added one at a time", () => {
    const to = new A.SGD([make()]);
    const given = groups();
    const error = thrownBy(() => {
      to.addParamGroup(given as never);
    });
    expect(error.message).toMatch(/: add one group at a time, for \(const group of groups\) addParamGroup\(group\)$/);
    for (const group of given) to.addParamGroup(group as never);
    expect(counted(to)).toBe(4);
  });
});

describe("where parameters lie at several depths", () => {
  it("the advice names the first of them", () => {
    const object = { m: { w: make(), "a layer": { w: make() } } };
    const error = thrownBy(() => new A.SGD(object as never));
    expect(error.message).toMatch(/: of an object of parameters, pass \[object\.m\.w, …\]$/);
  });

  it("nothing that throws when it is looked at stands in the way of the error", () => {
    const object = {
      get w(): never {
        throw new Error("mine");
      },
    };
    expect(thrownBy(() => new A.SGD(object as never))).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
  });
});
