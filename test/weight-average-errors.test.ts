// WeightAverage refuses what would lose values or averages, and invalid input. Nothing changes.
import { AdaBelief, WeightAverage, parameter, type Optimizer, type Parameter } from "../lib";
import { bitsOf, expectSameBits } from "./helpers/bits";
import { fails } from "./helpers/checkpoint";
import { itOnThreads } from "./helpers/native-only";
import { thrownBy } from "./helpers/snapshot";
import { make, set, valuesAt } from "./helpers/weight-average";

describe("while averages and values are exchanged", () => {
  it.each<[string, (one: { optimizer: Optimizer; average: WeightAverage }) => unknown]>([
    ["update", ({ average }) => average.update()],
    ["stateDict", ({ average }) => average.stateDict()],
    ["loadStateDict", ({ average }) => average.loadStateDict({ calls: 0, n_averaged: 0, swapped: false, averages: {} })],
    ["encodeState with them", ({ optimizer, average }) => optimizer.encodeState({ average })],
  ])("%s is refused, since one of the two would be lost", (_, act) => {
    const { parameters, optimizer } = make();
    const average = new WeightAverage(optimizer);
    average.update();
    average.swap();
    const before = parameters.map(({ data }) => data.slice());
    expect(thrownBy(() => act({ optimizer, average })).code).toBe("ERR_AVERAGE");
    parameters.forEach(({ data }, k) => expectSameBits(data, before[k] as Float32Array, "data"));
  });

  it("a checkpoint with averages does not load", async () => {
    const { optimizer } = make();
    const average = new WeightAverage(optimizer);
    average.update();
    const bytes = optimizer.encodeState({ average });
    average.swap();
    await expect(optimizer.loadState(bytes, { average })).rejects.toMatchObject({ code: "ERR_AVERAGE" });
    expect(average.swapped).toBe(true);
  });
});

describe("averages of parameters that came later are refused", () => {
  it.each<[string, (one: { optimizer: Optimizer; average: WeightAverage }) => unknown]>([
    ["by encodeState", ({ optimizer, average }) => optimizer.encodeState({ average })],
    ["by stateDict", ({ average }) => average.stateDict()],
  ])("%s, as nothing could load them", (_, act) => {
    const { optimizer } = make();
    const average = new WeightAverage(optimizer);
    average.update();
    optimizer.addParamGroup({ params: [parameter(new Float32Array(1))] });
    expect(thrownBy(() => act({ optimizer, average })).code).toBe("ERR_OPTIMIZER");
  });
});

describe("invalid input is refused and changes nothing", () => {
  const averaged = () => {
    const { parameters, optimizer } = make();
    const average = new WeightAverage(optimizer);
    set(parameters, 0);
    average.update();
    return { parameters, optimizer, average };
  };
  type Averaged = ReturnType<typeof averaged>;

  it.each<[string, (one: Averaged) => unknown, string]>([
    ["no optimizer", () => new WeightAverage({} as never), "ERR_OPTIMIZER"],
    ["null", () => new WeightAverage(null as never), "ERR_OPTIMIZER"],
    ["every 0", ({ optimizer }) => new WeightAverage(optimizer, { every: 0 }), "ERR_INVALID_OPTION"],
    ["from -1", ({ optimizer }) => new WeightAverage(optimizer, { from: -1 }), "ERR_INVALID_OPTION"],
    ["an unknown option", ({ optimizer }) => new WeightAverage(optimizer, { start: 1 } as never), "ERR_UNKNOWN_OPTION"],
    [
      "an array of another length",
      ({ parameters, average }) => {
        (parameters[1] as Parameter).data = new Float32Array(5);
        average.update();
      },
      "ERR_LENGTH",
    ],
    [
      "an array of another type",
      ({ parameters, average }) => {
        (parameters[1] as Parameter).data = new Float64Array(17) as never;
        average.swap();
      },
      "ERR_NOT_FLOAT32",
    ],
    [
      "a parameter that was added later",
      ({ optimizer, average }) => {
        optimizer.addParamGroup({ params: [parameter(new Float32Array(1))] });
        average.update();
      },
      "ERR_OPTIMIZER",
    ],
    [
      "an optimizer that was disposed of",
      ({ optimizer, average }) => {
        optimizer.dispose();
        average.update();
      },
      "ERR_OPTIMIZER",
    ],
    [
      "a checkpoint of another's average",
      ({ optimizer }) => optimizer.encodeState({ average: averaged().average }),
      "ERR_INVALID_OPTION",
    ],
    ["a checkpoint with no average", ({ optimizer }) => optimizer.encodeState({ average: {} as never }), "ERR_INVALID_OPTION"],
    ["a dict that is null", ({ average }) => average.loadStateDict(null as never), "ERR_STATE_DICT"],
    [
      "a dict without averages",
      ({ average }) => average.loadStateDict({ calls: 1, n_averaged: 1, swapped: false } as never),
      "ERR_STATE_DICT",
    ],
    ["a dict with one average", ({ average }) => change(average, (dict) => delete dict.averages["1"]), "ERR_STATE_DICT"],
    [
      "a dict with an average too many",
      ({ average }) => change(average, (dict) => (dict.averages["2"] = new Float32Array(1))),
      "ERR_STATE_DICT",
    ],
    [
      "a dict with a length",
      ({ average }) => change(average, (dict) => (dict.averages["1"] = new Float32Array(1))),
      "ERR_STATE_DICT",
    ],
    ["a dict with a list", ({ average }) => change(average, (dict) => (dict.averages["1"] = [] as never)), "ERR_STATE_DICT"],
    ["a dict that is swapped", ({ average }) => change(average, (dict) => (dict.swapped = true)), "ERR_STATE_DICT"],
    [
      "a dict with a number that is none",
      ({ average }) => change(average, (dict) => (dict.averages = { "": new Float32Array(2) })),
      "ERR_STATE_DICT",
    ],
    ["a dict with half a count", ({ average }) => change(average, (dict) => (dict.n_averaged = 0.5)), "ERR_STATE_DICT"],
    ["a dict with more averages than calls", ({ average }) => change(average, (dict) => (dict.n_averaged = 9)), "ERR_STATE_DICT"],
    [
      "a dict with a key too many",
      ({ average }) => change(average, (dict) => Object.assign(dict, { from: 1 })),
      "ERR_STATE_DICT",
    ],
    [
      "a dict that is swapped without a word",
      ({ average }) => change(average, (dict) => (dict.swapped = 1 as never)),
      "ERR_STATE_DICT",
    ],
  ])("%s", (_, act, code) => {
    const one = averaged();
    const before = one.parameters.map((p) => [...bitsOf(one.average.get(p) as Float32Array)]);
    const values = one.parameters.map(({ data }) => data);
    expect(thrownBy(() => act(one)).code).toBe(code);
    expect(one.parameters.map((p) => [...bitsOf(one.average.get(p) as Float32Array)])).toEqual(before);
    expect([one.average.count, one.average.swapped]).toEqual([1, false]);
    values.forEach((data, k) => expectSameBits(data, valuesAt(0)[k] as Float32Array, "data"));
  });

  function change(average: WeightAverage, act: (dict: ReturnType<WeightAverage["stateDict"]>) => unknown): void {
    const dict = average.stateDict();
    act(dict);
    average.loadStateDict(dict);
  }

  it("a checkpoint that has no averages, or a part of them, or is loaded in part", async () => {
    const { optimizer, average } = averaged();
    const before = average.stateDict();
    const without = optimizer.encodeState();
    expect(await fails(optimizer.loadState(without, { average }))).toMatchObject({
      code: "ERR_CHECKPOINT",
      message: expect.stringContaining("it holds no averages") as string,
    });
    const bytes = optimizer.encodeState({ average });
    expect(await fails(optimizer.loadState(bytes, { average, strict: false }))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(await fails(optimizer.loadState(bytes, { average: averaged().average }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
    const text = Buffer.from(bytes).toString("latin1").replace("average.1", "average.7");
    expect(await fails(optimizer.loadState(Buffer.from(text, "latin1"), { average }))).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(average.stateDict()).toEqual(before);
  });

  itOnThreads("a step on another thread", async () => {
    const p = parameter(new Float32Array(100_000), { grad: new Float32Array(100_000) });
    const optimizer = new AdaBelief([p]);
    const average = new WeightAverage(optimizer);
    average.update();
    const step = optimizer.stepAsync();
    for (const act of [() => average.update(), () => average.swap()]) expect(thrownBy(act)).toMatchObject({ code: "ERR_LEASED" });
    await step;
    expect(average.update()).toBe(true);
  });
});
