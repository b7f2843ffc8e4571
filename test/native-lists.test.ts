// Both languages use the same lists. Native code exports them, and TypeScript checks them at load: here each of them is broken.
import { addon } from "../lib/native/engine";
import { parseLists, readLists, type FormulaNames, type Lists } from "../lib/native/lists";
import { resolve } from "../lib/rule/slots";
import { thrownBy } from "./helpers/snapshot";

const wrong = { code: "ERR_NO_BINARY", message: expect.stringContaining("belongs to another release") as string };

/** A list in each way in which it can differ. */
const broken = (list: Readonly<Record<string, number>>): [string, Record<string, number>][] => {
  const [first, ...rest] = Object.entries(list) as [[string, number], ...[string, number][]];
  return [
    ["lacks a name", Object.fromEntries(rest)],
    ["has one more", { ...list, surplus: 9 }],
    ["has another name", Object.fromEntries([[`${first[0]}s`, first[1]], ...rest])],
  ];
};

describe("a list that both languages use", () => {
  it("is taken as it is exported", () => {
    const lists = readLists(addon);
    expect(lists.role).toEqual(addon.roles);
    expect(lists.host).toBe(-1);
  });

  it("is missing in binaries of older releases", () => {
    expect(thrownBy(() => parseLists(undefined))).toMatchObject(wrong);
  });

  describe.each(["rowStates", "stages", "roles", "gradients", "problems", "elementTypes", "backendChoices"] as const)(
    "%s",
    (key) => {
      it.each(broken(addon[key]))("is refused where it %s", (_, list) => {
        expect(thrownBy(() => readLists({ ...(addon as Lists), [key]: list }))).toMatchObject(wrong);
      });
    },
  );

  it.each([
    [["decay", "alpha"]],
    [["alpha", "decay", "maximize", "ema_weight", "surplus"]],
    [["decay", "alpha", "minimize", "ema_weight"]],
  ])("commonCoefficients is refused as %j", (names) => {
    expect(thrownBy(() => readLists({ ...(addon as Lists), commonCoefficients: names }))).toMatchObject(wrong);
  });
});

describe("a formula's names", () => {
  const naming = { formula: "yogi", coefficients: ["a", "b"], choices: { phase: ["later", "first"] } };
  const native: FormulaNames = {
    coefficients: ["b", "a"],
    choices: [{ name: "phase", values: ["later", "first"] }],
    states: [2, 2],
    norms: false,
  };
  const check = (change: Partial<FormulaNames>) => resolve(naming, { yogi: { ...native, ...change } });

  it("may come in any order: their slots are native code's", () => {
    const choice = { phase: { later: 0, first: 1 } };
    expect(check({})).toEqual({ slot: { b: 0, a: 1 }, choice });
    expect(check({ coefficients: ["a", "b"] })).toEqual({ slot: { a: 0, b: 1 }, choice });
  });

  it.each<[string, Partial<FormulaNames>]>([
    ["a coefficient is missing", { coefficients: ["a"] }],
    ["a coefficient is new", { coefficients: ["a", "b", "c"] }],
    ["a coefficient is misspelt", { coefficients: ["a", "B"] }],
    ["a choice is missing", { choices: [] }],
    ["a choice is new", { choices: [...native.choices, { name: "part", values: ["whole"] }] }],
    ["a choice is misspelt", { choices: [{ name: "Phase", values: ["later", "first"] }] }],
    ["a value of a choice is missing", { choices: [{ name: "phase", values: ["later"] }] }],
    ["a value of a choice is new", { choices: [{ name: "phase", values: ["later", "first", "last"] }] }],
    ["a value of a choice is misspelt", { choices: [{ name: "phase", values: ["later", "frist"] }] }],
  ])("are refused where %s", (_, change) => {
    expect(thrownBy(() => check(change))).toMatchObject(wrong);
  });

  it("are refused where there is no such formula", () => {
    expect(thrownBy(() => resolve(naming, {}))).toMatchObject(wrong);
  });

  it("are refused where a rule names a coefficient twice", () => {
    expect(thrownBy(() => resolve({ ...naming, coefficients: ["a", "a"] }, { yogi: native }))).toMatchObject(wrong);
  });
});
