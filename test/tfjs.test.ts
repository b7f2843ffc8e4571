// AdaBeliefOptimizer in TensorFlow.js makes the steps of AdaBelief's TensorFlow releases: the bits of the plain class.
import { AdaBelief, parameter, type AdaBeliefOptions } from "../lib";
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

interface Case {
  title: string;
  tfjs: AdaBeliefOptimizerOptions;
  plain: Partial<AdaBeliefOptions>;
}

const cases: Case[] = [
  { title: "the defaults", tfjs: {}, plain: { version: "tf-0.2.1" } },
  { title: "release 0.0.1", tfjs: { version: "0.0.1" }, plain: { version: "tf-0.0.1" } },
  {
    title: "release 0.0.1 with amsgrad",
    tfjs: { version: "0.0.1", amsgrad: true },
    plain: { version: "tf-0.0.1", amsgrad: true },
  },
  {
    title: "other betas and epsilon, no rectification",
    tfjs: { beta1: 0.5, beta2: 0.99, epsilon: 1e-8, rectify: false },
    plain: { version: "tf-0.2.1", betas: [0.5, 0.99], eps: 1e-8, rectify: false },
  },
  {
    title: "weight decay, amsgrad and another threshold",
    tfjs: { weightDecay: 0.01, amsgrad: true, smaThreshold: 6 },
    plain: { version: "tf-0.2.1", weight_decay: 0.01, amsgrad: true, sma_threshold: 6 },
  },
  {
    title: "a warm-up",
    tfjs: { totalSteps: 20, warmupProportion: 0.3, minLr: 1e-4 },
    plain: { version: "tf-0.2.1", total_steps: 20, warmup_proportion: 0.3, min_lr: 1e-4 },
  },
];

const shapes: Record<string, number[]> = { kernel: [3, 3, 2, 8], bias: [8], scale: [], empty: [0, 4], long: [40_000] };
const names = Object.keys(shapes);
const lengthOf = (name: string) => tf.util.sizeFromShape(shapes[name] as number[]);

/** Gradients of a step; in some steps a variable has none. */
function gradientsAt(step: number, seed: number): Record<string, Float32Array | null> {
  const missing = step % 5 === 2 ? names[step % names.length] : undefined;
  return Object.fromEntries(
    names.map((name, k) => [
      name,
      name === missing ? null : floats(seed + 97 * step + k, lengthOf(name), 10 ** ((step % 3) - 2)),
    ]),
  );
}

onBothBackends(() => {
  describe.each(cases)("with $title, it has the bits of the plain class", ({ tfjs, plain }) => {
    it.each(["map", "list"] as const)("given the same gradients, as a %s", (form) => {
      const seed = 20 + cases.findIndex((one) => one.tfjs === tfjs);
      const variables = names.map((name, k) => variable(name, shapes[name] as number[], seed + k));
      const parameters = names.map((name, k) => parameter(floats(seed + k, lengthOf(name)), { name }));
      const optimizer = new AdaBeliefOptimizer(0.02, tfjs);
      const reference = new AdaBelief(parameters, { lr: 0.02, ...plain });
      for (let step = 1; step <= 25; ++step) {
        const gradients = gradientsAt(step, seed);
        parameters.forEach((one) => (one.grad = gradients[one.name as string] ?? null));
        reference.step();
        applyGradients(optimizer, gradients, form);
      }
      variables.forEach((one, k) => {
        expectSameBits(valuesOf(one), parameters[k]?.data as Float32Array, `seed ${seed}, ${one.name} after 25 steps`);
      });
      expect(optimizer.iterations).toBe(25);
      optimizer.dispose();
    });
  });

  it("lets variables join later, who share the count of steps", () => {
    const [early, late] = [variable("early", [5], 1), variable("late", [7], 2)];
    const parameters = [parameter(floats(1, 5)), parameter(floats(2, 7))];
    const reference = new AdaBelief(parameters, { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1);
    for (let step = 1; step <= 12; ++step) {
      const [first, second] = [floats(step, 5), step < 6 ? null : floats(50 + step, 7)];
      Object.assign(parameters[0] as object, { grad: first });
      Object.assign(parameters[1] as object, { grad: second });
      reference.step();
      applyGradients(optimizer, { early: first, ...(second && { late: second }) });
    }
    expectSameBits(valuesOf(early), parameters[0]?.data as Float32Array, "the early one");
    expectSameBits(valuesOf(late), parameters[1]?.data as Float32Array, "the late one");
  });

  it("leaves out of weight decay the variables that are excluded by name", () => {
    const variables = [variable("dense/kernel", [6], 1), variable("dense/bias", [6], 1)];
    const [kernel, bias] = [parameter(floats(1, 6)), parameter(floats(1, 6))];
    const groups = [{ params: kernel, weight_decay: 0.1 }, { params: bias }];
    const reference = new AdaBelief(groups, { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1, { weightDecay: 0.1, excludeFromWeightDecay: (name) => name.endsWith("/bias") });
    for (let step = 1; step <= 10; ++step) {
      const grad = floats(step, 6);
      kernel.grad = bias.grad = grad;
      reference.step();
      applyGradients(optimizer, { "dense/kernel": grad, "dense/bias": grad });
    }
    expectSameBits(valuesOf(variables[0] as tf.Variable), kernel.data, "the kernel");
    expectSameBits(valuesOf(variables[1] as tf.Variable), bias.data, "the bias");
    expect(bias.data).not.toEqual(kernel.data);
  });

  it("minimizes a function, with and without a list of variables, and returns its cost", () => {
    const x = variable("x", [4], 3);
    const untouched = variable("untouched", [4], 4);
    const before = valuesOf(untouched);
    const optimizer = new AdaBeliefOptimizer(0.05, { rectify: false });
    const cost = () => tf.sum<tf.Scalar>(tf.square(tf.sub(x, 3)));
    const first = (optimizer.minimize(cost, true, [x, untouched]) as tf.Scalar).dataSync()[0] as number;
    for (let step = 0; step < 400; ++step) optimizer.minimize(cost);
    const last = (optimizer.minimize(cost, true) as tf.Scalar).dataSync()[0] as number;
    expect(first).toBeGreaterThan(1);
    expect(last).toBeLessThan(first / 100);
    expectSameBits(valuesOf(untouched), before, "a variable that the cost does not depend on");
  });

  it("counts no step, and touches nothing, where no variable has a gradient", () => {
    variable("x", [4], 3);
    const optimizer = new AdaBeliefOptimizer();
    optimizer.applyGradients({});
    applyGradients(optimizer, { x: null });
    expect(optimizer.iterations).toBe(0);
  });

  it("steps at the learning rate that was set last", () => {
    const x = variable("x", [3], 1);
    const reference = parameter(floats(1, 3));
    const plain = new AdaBelief([reference], { version: "tf-0.2.1" });
    const optimizer = new AdaBeliefOptimizer();
    for (const rate of [0.1, 0, 0.003, 0.5, 1]) {
      reference.grad = floats(7, 3);
      for (const group of plain.paramGroups) group.lr = rate;
      plain.step();
      optimizer.learningRate = rate;
      applyGradients(optimizer, { x: floats(7, 3) });
      expect(optimizer.learningRate).toBe(rate);
    }
    expectSameBits(valuesOf(x), reference.data, "after five rates");
  });
});
