// Options on the optimizer itself: `lr` is that of all groups; every other option name is an error that names the groups.
import { Adam, AdaBelief, Lookahead, parameter, SGD, StepLR } from "../lib";
import { ruleOf } from "../lib/rule/rule";
import { forms, make } from "./helpers/family";
import { thrownBy } from "./helpers/snapshot";

const one = (lr?: number) => ({
  params: [parameter(Float32Array.of(1), { grad: Float32Array.of(1) })],
  ...(lr === undefined ? {} : { lr }),
});

describe("optimizer.lr", () => {
  it.each(forms)("reads and writes the lr of $title", (form) => {
    const optimizer = make(form, one().params);
    expect(optimizer.lr).toBe(optimizer.paramGroups[0]?.lr);
    optimizer.lr = 0.25;
    expect([optimizer.lr, optimizer.paramGroups[0]?.lr]).toEqual([0.25, 0.25]);
  });

  it("is obeyed by the next step", () => {
    const group = one();
    const optimizer = new SGD([group]);
    optimizer.lr = 0.5;
    optimizer.step();
    expect(group.params[0]?.data[0]).toBe(0.5);
  });

  it("sets all groups that agree", () => {
    const optimizer = new SGD([one(0.1), one(0.1)]);
    optimizer.lr = 10 * (optimizer.lr as number);
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([1, 1]);
  });

  it("is undefined where the groups differ, and then cannot be written", () => {
    const optimizer = new SGD([one(0.1), one(0.2)]);
    expect(optimizer.lr).toBeUndefined();
    const error = thrownBy(() => (optimizer.lr = 0.5));
    expect(error).toMatchObject({ code: "ERR_OPTIMIZER" });
    expect(error.message).toContain("paramGroups");
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.1, 0.2]);
  });

  it.each([[-1], [Number.NaN], ["0.1"], [null]])("refuses %p, and changes nothing", (lr) => {
    const optimizer = new SGD([one(0.1), one(0.1)]);
    expect(thrownBy(() => (optimizer.lr = lr as number))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(optimizer.lr).toBe(0.1);
  });

  it("changes no group where one is frozen", () => {
    const optimizer = new SGD([one(0.1), one(0.1)]);
    Object.freeze(optimizer.paramGroups[1]);
    expect(thrownBy(() => (optimizer.lr = 0.5))).toMatchObject({ code: "ERR_OPTIMIZER" });
    expect(optimizer.lr).toBe(0.1);
  });

  it("cannot be written after dispose", () => {
    const optimizer = new SGD([one()]);
    optimizer.dispose();
    expect(optimizer.lr).toBeUndefined();
    expect(thrownBy(() => (optimizer.lr = 0.5))).toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("is what a schedule has set", () => {
    const optimizer = new Lookahead(new Adam([one(1)]));
    new StepLR(optimizer, { step_size: 1, gamma: 0.5 }).step();
    expect(optimizer.lr).toBe(0.5);
  });
});

describe("an option name on an optimizer", () => {
  const dialects = [
    ...["learningRate", "learning_rate", "stepSize", "step_size", "alpha", "epsilon", "beta1", "beta2", "beta_1", "beta"],
    ...["weightDecay", "wd", "l2", "decay", "decoupled", "rectified", "decoupledWeightDecay"],
  ];
  /** Spellings that no list has: what differs is case and what stands between the words. */
  const spelt = [
    ...["amsGrad", "AMSGrad", "AMSGRAD", "useGC", "minLR", "min_LR", "finalLR", "degeneratedToSGD", "nSmaThreshhold", "LR", "Lr"],
    ...["Betas", "EPS", "weight-decay", "WeightDecay", "_eps", "Momentum", "Beta1", "lookAhead"],
  ];
  const everyName = new Set([
    ...spelt,
    ...forms.flatMap((form) => Object.keys(ruleOf(make(form, one().params)).options)),
    ...dialects,
  ]);
  everyName.delete("lr");

  it.each([...everyName])("%s throws, is never read, and names paramGroups", (name) => {
    for (const optimizer of [new AdaBelief([one()]), new SGD([one()]), new Lookahead(new Adam([one()]))]) {
      const own = Object.getOwnPropertyNames(optimizer);
      const assign = () => Object.assign(optimizer, { [name]: 0.5 });
      for (const act of [assign, () => optimizer[name as "lr"]]) {
        const error = thrownBy(act);
        expect(error).toMatchObject({ code: "ERR_OPTIMIZER" });
        expect(error.message).toMatch(new RegExp(`${name}.*paramGroups`));
      }
      expect(Object.getOwnPropertyNames(optimizer)).toEqual(own);
    }
  });
});

describe("the name of a step's option on an optimizer", () => {
  it.each(["maxGradNorm", "max_grad_norm", "gradScale", "skipNonFinite"])("%s throws, and names step", (name) => {
    const optimizer = new SGD([one()]);
    const error = thrownBy(() => Object.assign(optimizer, { [name]: 1 }));
    expect(error).toMatchObject({ code: "ERR_OPTIMIZER" });
    expect(error.message).toMatch(/step\(\{ \w+ \}\)/);
  });
});

describe("other names on an optimizer", () => {
  it("are free, for subclasses", () => {
    class Counting extends Adam {
      calls = 0;
      readonly name = "counting";
      override step(...args: []) {
        this.calls += 1;
        return super.step(...args);
      }
    }
    const optimizer = new Counting([one()]);
    optimizer.step();
    expect([optimizer.calls, optimizer.name, optimizer.lr]).toEqual([1, "counting", 1e-3]);
  });

  it("are free, for spies and notes", () => {
    const optimizer = new Adam([one()]);
    const spy = jest.spyOn(optimizer, "step");
    optimizer.step();
    expect(spy).toHaveBeenCalledTimes(1);
    Object.assign(optimizer, { epoch: 3, history: [], [Symbol.for("mine")]: 1, lrs: [], betasOf: 2 });
    expect(optimizer).toMatchObject({ epoch: 3, history: [], lrs: [], betasOf: 2 });
    expect(optimizer[Symbol.for("mine") as never]).toBe(1);
    expect(Object.keys(optimizer)).toEqual(expect.arrayContaining(["epoch", "history", "lrs", "betasOf"]));
  });

  it("are refused where the optimizer is frozen, as of any object", () => {
    const optimizer = Object.freeze(new Adam([one()]));
    expect(() => Object.assign(optimizer, { epoch: 3 })).toThrow(TypeError);
    expect(optimizer["epoch" as never]).toBeUndefined();
  });

  it("keep an optimizer an object like others", () => {
    const optimizer = new Adam([one()]);
    expect([
      Object.prototype.toString.call(optimizer),
      "lr" in optimizer,
      "epoch" in optimizer,
      optimizer instanceof Object,
    ]).toEqual(["[object Object]", true, false, true]);
    expect(optimizer.hasOwnProperty("lr")).toBe(false); // eslint-disable-line no-prototype-builtins -- what is tested
    expect(JSON.parse(JSON.stringify({ optimizer }))).toEqual({ optimizer: { state: {} } });
  });
});
