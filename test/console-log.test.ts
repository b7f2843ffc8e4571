// What console.log shows of an optimizer.
import { inspect } from "node:util";
import { AdaBelief, Adam, Lookahead, parameter, SGD } from "../lib";

const two = () => [3, 5].map((length) => parameter(new Float32Array(length), { grad: new Float32Array(length) }));

describe("console.log of an optimizer", () => {
  it("shows name, numbers of parameters and steps, and the groups with their options", () => {
    const [a, b] = two() as [object, object];
    const optimizer = new SGD(
      [
        { params: [a as never], name: "body" },
        { params: b as never, lr: 0.5 },
      ],
      { momentum: 0.9 },
    );
    for (let step = 0; step < 3; ++step) optimizer.step();
    const text = inspect(optimizer);
    for (const part of [
      "SGD {",
      "parameters: 2",
      "elements: 8",
      "steps: 3",
      "lr: 0.001",
      "lr: 0.5",
      "momentum: 0.9",
      "name: 'body'",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("shows the numbers of betas, and the version", () => {
    const text = inspect(new AdaBelief(two(), { version: "0.2.1" }));
    expect(text).toContain("AdaBelief 0.2.1 {");
    expect(text).toContain("betas: [ 0.9, 0.999 ]");
  });

  it("shows what a Lookahead is around, and the class of one's own", () => {
    class Mine extends Adam {}
    expect(inspect(new Lookahead(new Adam(two())))).toMatch(/^Lookahead of Adam \{[^]*lookahead: \{ k: 6, alpha: 0.5 \}/);
    expect(inspect(new Mine(two()))).toMatch(/^Mine of Adam \{/);
  });

  it("is short within other objects, and says that one was disposed", () => {
    const optimizer = new Adam(two());
    expect(inspect({ a: { b: { c: optimizer } } })).toContain("[Adam]");
    optimizer.dispose();
    expect(inspect(optimizer)).toBe("Adam (disposed)");
  });

  it.each<[string, PropertyDescriptor, RegExp]>([
    ["undefined", { value: undefined }, /^Adam \{/],
    ["null", { value: null }, /^Adam \{/],
    ["no function", { value: { name: 5 } }, /^Adam \{/],
    [
      "a function without a name",
      {
        value: (
          () => () =>
            undefined
        )(),
      },
      /^Adam \{/,
    ],
    [
      "a class whose name throws",
      {
        value: {
          get name() {
            throw new Error("mine");
          },
        },
      },
      /^Adam \{/,
    ],
  ])("shows one whose constructor is %s", (_, constructor, wanted) => {
    const optimizer = Object.defineProperty(new Adam(two()), "constructor", constructor);
    expect(inspect(optimizer)).toMatch(wanted);
    expect(inspect(optimizer)).toContain("parameters: 2");
    optimizer.dispose();
    expect(inspect(optimizer)).toContain("(disposed)");
  });

  it("shows a subclass whose prototype has no constructor", () => {
    class Mine extends Adam {}
    Object.defineProperty(Mine.prototype, "constructor", { value: undefined });
    expect(inspect(new Mine(two()))).toMatch(/^Adam \{/);
  });

  it("shows a group, and an optimizer with it, where a key of the caller's throws", () => {
    const optimizer = new Adam(two());
    const [group] = optimizer.paramGroups;
    Object.defineProperty(group, "mine", {
      enumerable: true,
      get: () => {
        throw new Error("mine");
      },
    });
    for (const shown of [group, optimizer]) {
      expect(inspect(shown)).toContain("lr: 0.001");
      expect(inspect(shown)).toContain("mine: '(its getter threw)'");
    }
  });

  it("reads no state, which would slow down later steps", () => {
    const [p] = two();
    const optimizer = new Adam([p as never]);
    const spy = jest.fn();
    Object.defineProperty(optimizer, "state", { get: spy });
    optimizer.step();
    inspect(optimizer);
    expect(spy).not.toHaveBeenCalled();
  });
});
