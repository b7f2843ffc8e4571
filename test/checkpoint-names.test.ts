// A checkpoint's parameters are matched by name where both sides have names, else by number.
import { AdaBelief, parameter, type Parameter } from "../lib";
import { fails } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";

const at = temporaryFolder();

describe("parameters are found", () => {
  const make = (names: (string | undefined)[], at = 0) =>
    names.map((name, k) => {
      const fill = name === undefined ? 100 + k : name.charCodeAt(0);
      return parameter(new Float32Array(4).fill(fill + at), {
        grad: new Float32Array(4).fill(fill),
        ...(name === undefined ? {} : { name }),
      });
    });
  const save = async (names: (string | undefined)[], path: string) => {
    const optimizer = new AdaBelief(make(names));
    optimizer.step();
    await optimizer.saveState(path, { parameters: true });
  };
  /** Which of the saved parameters each of the optimizer's got: by the value of its gradient, which was its own. */
  const load = async (names: (string | undefined)[], path: string) => {
    const parameters = make(names, 1000);
    const optimizer = new AdaBelief(parameters);
    await optimizer.loadState(path, { parameters: true });
    return parameters.map((p) => {
      const value = Math.round(p.data[0] as number);
      expect(optimizer.state.get(p)?.exp_avg[0]).toBeCloseTo(value / 10, 4);
      return value >= 100 && value < 110 ? value - 100 : String.fromCharCode(value);
    });
  };
  const none = undefined;

  it.each<[string, (string | undefined)[], (string | undefined)[], (string | number)[]]>([
    ["by name, in any order", ["A", "B", "C"], ["C", "A", "B"], ["C", "A", "B"]],
    ["by place where the file has no names", [none, none], ["A", "B"], [0, 1]],
    ["by place where the optimizer has none", ["A", "B"], [none, none], ["A", "B"]],
    [
      "by name where there is one, and the others in their order",
      ["A", none, none, "B"],
      ["B", none, "A", none],
      ["B", 1, "A", 2],
    ],
    ["by place where names stand twice", ["A", "A", "B"], ["B", "A", "A"], ["B", "A", "A"]],
    ["by place where only one side has a name", ["A", none], ["A", "B"], ["A", 1]],
  ])("%s", async (sentence, saved, loaded, wanted) => {
    await save(saved, at(sentence));
    expect(await load(loaded, at(sentence))).toEqual(wanted);
  });

  it.each<[string, (string | undefined)[], (string | undefined)[], RegExp]>([
    ["a name is missing", ["A", "B"], ["A", "C"], /param_groups\[0\] has no parameter "C".*"B"/],
    ["names that stand twice change places", ["A", "A", "B", "B"], ["A", "B", "A", "B"], /no parameter "B"/],
  ])("nowhere where %s, and the error says so", async (sentence, saved, loaded, message) => {
    await save(saved, at(sentence));
    const error = await fails(load(loaded, at(sentence)));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(error.message).toMatch(message);
  });

  it("in their own group only", async () => {
    const [a, b] = make(["A", "B"]) as [Parameter, Parameter];
    const optimizer = new AdaBelief([{ params: [a] }, { params: [b] }]);
    await optimizer.saveState(at("groups"));
    const other = new AdaBelief([{ params: [b] }, { params: [a] }]);
    expect((await fails(other.loadState(at("groups")))).message).toMatch(/param_groups\[0\] has no parameter "B".*"A"/);
  });

  it("by a shape of their own, or by their length where one side is flat", async () => {
    const of = (shape?: number[]) => {
      const p = parameter(new Float32Array(6), { grad: new Float32Array(6), ...(shape === undefined ? {} : { shape }) });
      const optimizer = new AdaBelief([p]);
      optimizer.step();
      return optimizer;
    };
    await of([2, 3]).saveState(at("2x3"));
    await of().saveState(at("flat"));
    await of([2, 3]).loadState(at("2x3"));
    await of().loadState(at("2x3"));
    await of([3, 2]).loadState(at("flat"));
    expect((await fails(of([3, 2]).loadState(at("2x3")))).message).toMatch(
      /"state\.0\.exp_avg" has shape \[2, 3\], and Parameter 0 has \[3, 2\]/,
    );
  });
});
