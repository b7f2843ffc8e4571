// Options of the TensorFlow.js optimizer between steps: those of its group are obeyed, and a name that would do nothing is an error.
import { AdaBelief, parameter } from "../lib"; // so that the options of all optimizers are known
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { thrownBy } from "./helpers/snapshot";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

/** A variable's values after some steps of an optimizer. `between` comes before the fourth. */
function trained(optimizer: AdaBeliefOptimizer, between: (optimizer: AdaBeliefOptimizer) => void = () => undefined) {
  const one = variable("x", [6], 1);
  for (let step = 1; step <= 9; ++step) {
    if (step === 4) between(optimizer);
    applyGradients(optimizer, { x: floats(step, 6, 10) });
  }
  const values = valuesOf(one);
  one.dispose();
  return values;
}

onBothBackends(() => {
  describe("an option of the group is obeyed by the next step:", () => {
    const start = { weightDecay: 0.2, totalSteps: 20, minLr: 1e-3 };
    it.each<[string, unknown, AdaBeliefOptimizerOptions]>([
      ["lr", 0.5, {}],
      ["betas", [0.5, 0.9], { beta1: 0.5, beta2: 0.9 }],
      ["eps", 0.1, { epsilon: 0.1 }],
      ["weight_decay", 0.1, { weightDecay: 0.1 }],
      ["weight_decay", 0, { weightDecay: 0 }],
      ["rectify", false, { rectify: false }],
      ["sma_threshold", 4, { smaThreshold: 4 }],
      ["total_steps", 10, { totalSteps: 10 }],
      ["warmup_proportion", 0.5, { warmupProportion: 0.5 }],
      ["min_lr", 0.05, { minLr: 0.05 }],
    ])("%s = %j", (key, value, options) => {
      const optimizer = new AdaBeliefOptimizer(0.1, start);
      const change = () => Object.assign(optimizer.paramGroups[0] as object, { [key]: value });
      const before = trained(new AdaBeliefOptimizer(0.1, start));
      const values = trained(optimizer, change);
      expect(values).not.toEqual(before);
      const given = { ...start, ...options };
      const { learningRate } = optimizer;
      expect(optimizer.getConfig()).toEqual(new AdaBeliefOptimizer(learningRate, given).getConfig());
      // From the fourth step on, an optimizer that goes on with these options from the start makes the same of the same state.
      const other = new AdaBeliefOptimizer(0.1, start);
      const again = trained(other, () => {
        const [group] = other.paramGroups;
        Object.assign(group as object, { ...new AdaBeliefOptimizer(learningRate, given).paramGroups[0] });
      });
      expectSameBits(values, again, key);
    });

    it("betas[0] = 0.5, in place", () => {
      const inPlace = new AdaBeliefOptimizer(0.1);
      const values = trained(inPlace, ({ paramGroups }) => ((paramGroups[0]?.betas as number[])[0] = 0.5));
      const assigned = trained(new AdaBeliefOptimizer(0.1), ({ paramGroups: [group] }) =>
        Object.assign(group as object, { betas: [0.5, 0.999] }),
      );
      expectSameBits(values, assigned, "the variable");
      expect(inPlace.getConfig()).toMatchObject({ beta1: 0.5, beta2: 0.999 });
    });

    it("betas in place that cannot be are refused by the step, which changes nothing", () => {
      const optimizer = new AdaBeliefOptimizer(0.1);
      const one = variable("x", [6], 1);
      (optimizer.paramGroups[0]?.betas as number[])[1] = 1;
      const error = thrownBy(() => applyGradients(optimizer, { x: floats(1, 6) }));
      expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
      expectSameBits(valuesOf(one), floats(1, 6), "the variable");
      expect(optimizer.iterations).toBe(0);
    });
  });

  it.each([["lr"], ["learningRate"]] as const)("optimizer.%s is read, written and obeyed", (name) => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const values = trained(optimizer, () => (optimizer[name] = 0.5));
    expect([optimizer.lr, optimizer.learningRate, optimizer.paramGroups[0]?.lr]).toEqual([0.5, 0.5, 0.5]);
    const other = new AdaBeliefOptimizer(0.1);
    expectSameBits(
      values,
      trained(other, () => Object.assign(other.paramGroups[0] as object, { lr: 0.5 })),
      "the variable",
    );
    expect(thrownBy(() => (optimizer[name] = -1))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(optimizer[name]).toBe(0.5);
  });

  it("optimizer.maxGradNorm is read, written and obeyed, and turned off by undefined", () => {
    const clipped = new AdaBeliefOptimizer(0.1, { maxGradNorm: 1 });
    const wanted = trained(clipped, () => (clipped.maxGradNorm = undefined));
    const optimizer = new AdaBeliefOptimizer(0.1);
    optimizer.maxGradNorm = 1;
    expect([optimizer.maxGradNorm, optimizer.getConfig()["maxGradNorm"]]).toEqual([1, 1]);
    expectSameBits(
      trained(optimizer, () => (optimizer.maxGradNorm = undefined)),
      wanted,
      "the variable",
    );
    expect(wanted).not.toEqual(trained(new AdaBeliefOptimizer(0.1)));
    expect(optimizer.getConfig()).not.toHaveProperty("maxGradNorm");
  });

  it("a key of the group that is no option is refused by the step and by getConfig, until it is gone", () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const group = optimizer.paramGroups[0] as object & { epsilon?: number };
    group.epsilon = 0.1;
    variable("x", [6], 1);
    for (const act of [() => applyGradients(optimizer, { x: floats(1, 6) }), () => optimizer.getConfig()]) {
      const error = thrownBy(act);
      expect(error).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
      expect(error.message).toContain('did you mean "eps"?');
    }
    delete group.epsilon;
    applyGradients(optimizer, { x: floats(1, 6) });
    expect(optimizer.iterations).toBe(1);
  });
});

describe("the group", () => {
  it.each([
    ["0.2.1", ["lr", "betas", "eps", "weight_decay", "rectify", "amsgrad"]],
    ["0.0.1", ["lr", "betas", "eps", "amsgrad"]],
  ] as const)("of release %s has the release's options in the names of AdaBelief", (version, names) => {
    const own = Object.keys(new AdaBeliefOptimizer(0.1, { version }).paramGroups[0] as object);
    const plain = Object.keys(
      new AdaBelief([parameter(new Float32Array(1))], { version: `tf-${version}` }).paramGroups[0] as object,
    );
    expect(own).toEqual(expect.arrayContaining([...names]));
    expect(plain).toEqual(expect.arrayContaining(own));
  });

  it.each<[string, unknown]>([
    ["amsgrad", true],
    ["amsgrad", 1],
    ["eps", -1],
    ["weight_decay", "0.1"],
    ["rectify", 1],
    ["total_steps", 0.5],
  ])("refuses %s = %j, and keeps what it has", (key, value) => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const before = optimizer.getConfig();
    expect(thrownBy(() => Object.assign(optimizer.paramGroups[0] as object, { [key]: value }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
    expect(optimizer.getConfig()).toEqual(before);
  });

  it("takes the value that amsgrad has", () => {
    for (const amsgrad of [true, false]) {
      const optimizer = new AdaBeliefOptimizer(0.1, { amsgrad });
      Object.assign(optimizer.paramGroups[0] as object, { amsgrad });
      expect(optimizer.getConfig()["amsgrad"]).toBe(amsgrad);
    }
  });
});

describe("an option's name on the optimizer", () => {
  const names = [
    ...[
      "beta1",
      "beta2",
      "beta_1",
      "beta",
      "betas",
      "epsilon",
      "eps",
      "weightDecay",
      "weight_decay",
      "weightdecay",
      "wd",
      "decay",
    ],
    ...[
      "rectify",
      "rectified",
      "amsgrad",
      "amsGrad",
      "smaThreshold",
      "sma_threshold",
      "totalSteps",
      "total_steps",
      "minLr",
      "minLR",
    ],
    ...["warmupProportion", "warmup_proportion", "learning_rate", "learningrate", "LR", "alpha", "step_size", "l2", "version"],
    ...[
      "max_grad_norm",
      "maxgradnorm",
      "exclude_from_weight_decay",
      "centralize",
      "lookahead",
      "maximize",
      "momentum",
      "nesterov",
    ],
  ];

  it.each(names)("%s throws, is never read, and says where the option is", (name) => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const own = Object.getOwnPropertyNames(optimizer);
    for (const act of [() => Object.assign(optimizer, { [name]: 0.5 }), () => optimizer[name as "lr"]]) {
      const error = thrownBy(act);
      expect(error).toMatchObject({ code: "ERR_OPTIMIZER" });
      expect(error.message).toMatch(new RegExp(`no ${name} of its own; .*(paramGroups|maxGradNorm|excludeFromWeightDecay)`));
    }
    expect(Object.getOwnPropertyNames(optimizer)).toEqual(own);
  });

  it.each([["version", "0.0.1"]] as const)("excludeFromWeightDecay is refused where %s %s has no weight decay", (_, version) => {
    const optimizer = new AdaBeliefOptimizer(0.1, { version });
    expect(thrownBy(() => (optimizer.excludeFromWeightDecay = () => true))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(optimizer.excludeFromWeightDecay).toBeUndefined();
  });
});

describe("other names on the optimizer", () => {
  it("are free, for subclasses, spies and notes", () => {
    class Counting extends AdaBeliefOptimizer {
      calls = 0;
      readonly name = "counting";
      override applyGradients(gradients: tf.NamedTensorMap) {
        this.calls += 1;
        super.applyGradients(gradients);
      }
    }
    const optimizer = new Counting(0.1);
    const spy = jest.spyOn(optimizer, "applyGradients");
    optimizer.applyGradients({});
    Object.assign(optimizer, { epoch: 3 });
    expect(spy).toHaveBeenCalledTimes(1);
    expect(optimizer).toMatchObject({ calls: 1, name: "counting", epoch: 3, iterations: 0 });
  });

  it("leave it an optimizer of tfjs", () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    expect(optimizer).toBeInstanceOf(tf.Optimizer);
    expect(optimizer).toBeInstanceOf(AdaBeliefOptimizer);
    expect(optimizer.getClassName()).toBe("AdaBeliefOptimizer");
    expect("minimize" in optimizer && "epsilon" in optimizer).toBe(false);
  });
});
