// `extra` of a group: anything of the caller's own.
import { parameter, SGD } from "../lib";
import { temporaryFolder } from "./helpers/folder";
import { thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();
const fresh = () => parameter(new Float32Array(2), { grad: new Float32Array(2).fill(1) });
const values: unknown[] = [null, 0, -0, Infinity, "text", true, [1, [2, { three: 3 }]], { nested: { list: ["a"] }, empty: {} }];

describe("the extra of a group", () => {
  it.each(values)("%j is saved and loaded, and no step looks at it", async (extra) => {
    const optimizer = new SGD([{ params: fresh(), extra }]);
    expect(optimizer.paramGroups[0]?.extra).toBe(extra);
    optimizer.step();
    expect(optimizer.paramGroups[0]?.extra).toBe(extra);
    const [one, other] = [new SGD([fresh()]), new SGD([fresh()])];
    one.loadStateDict(optimizer.stateDict());
    expect(one.paramGroups[0]?.extra).toEqual(extra);
    await optimizer.saveState(at("extra"));
    await other.loadState(at("extra"));
    expect(other.paramGroups[0]?.extra).toEqual(extra);
  });

  it("may be assigned at any time, and is a copy in a dict", () => {
    const optimizer = new SGD([fresh()]);
    const extra = { tags: ["a"] };
    (optimizer.paramGroups[0] as { extra?: unknown }).extra = extra;
    optimizer.step();
    const saved = optimizer.stateDict();
    extra.tags.push("b");
    expect(saved.param_groups[0]).toHaveProperty("extra", { tags: ["a"] });
  });

  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["a function", () => 0],
    ["a Map", new Map()],
    ["a typed array", new Float32Array(1)],
    ["a BigInt", 1n],
    ["a key that is a symbol", { [Symbol("a")]: 1 }],
    ["Math, whose properties are hidden", Math],
    ["an array with another property", Object.assign([1], { x: 2 })],
    ["an array with a hole", Object.assign(Array(2), { 1: 1 })],
    ["an array with a class", new (class List extends Array<number> {})(1, 2)],
    ["an object with a class that extends null", Object.create(Object.create(null) as object) as object],
  ])("%s is refused where it is to be saved", (_, extra) => {
    const optimizer = new SGD([{ params: fresh(), extra: { value: extra } }]);
    optimizer.step();
    expect(thrownBy(() => optimizer.stateDict())).toMatchObject({
      code: "ERR_STATE_DICT",
      message: expect.stringContaining("param_groups[0].extra.value cannot be kept") as string,
    });
  });

  it("that cannot be written leaves a load without effect", () => {
    const optimizer = new SGD([fresh()], { lr: 0.5 });
    Object.defineProperty(optimizer.paramGroups[0], "initial_lr", { value: 0.5, writable: false });
    const saved = optimizer.stateDict();
    for (const accessor of [{ get: () => 1, set: () => undefined }])
      Object.defineProperty(optimizer.paramGroups[0], "extra", accessor);
    expect(
      thrownBy(() => optimizer.loadStateDict({ ...saved, param_groups: [{ ...saved.param_groups[0], extra: 1 }] as never })),
    ).toMatchObject({
      code: "ERR_STATE_DICT",
    });
    const other = { ...saved, param_groups: saved.param_groups.map((group) => ({ ...group, lr: 0.25, initial_lr: 1 })) };
    expect(thrownBy(() => optimizer.loadStateDict(other))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(optimizer.paramGroups[0]?.lr).toBe(0.5);
  });
});
