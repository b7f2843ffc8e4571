// In TensorFlow.js: gradients clipped by their norm, and the schedules of this package.
import { AdaBelief, CosineAnnealingLR, OneCycleLR, StepLR, parameter } from "../lib";
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

const lengths = { kernel: 5000, bias: 7 };
const names = Object.keys(lengths) as (keyof typeof lengths)[];

/** The same parameters here and there. */
function both() {
  const variables = names.map((name, k) => variable(name, [lengths[name]], k));
  const parameters = names.map((name, k) => parameter(floats(k, lengths[name])));
  const same = () =>
    variables.forEach((one, k) => expectSameBits(valuesOf(one), parameters[k]?.data as Float32Array, names[k] as string));
  return { parameters, same };
}

const gradientsAt = (step: number) => names.map((name, k) => floats(10 * step + k, lengths[name], step));

onBothBackends(() => {
  it.each([0, 1e-3, 1, 1e6, Infinity])(
    "maxGradNorm %d has the bits of step({ maxGradNorm }), and changes no gradient",
    (bound) => {
      const { parameters, same } = both();
      const plain = new AdaBelief(parameters, { version: "tf-0.2.1", lr: 0.1 });
      const optimizer = new AdaBeliefOptimizer(0.1, { maxGradNorm: bound });
      for (let step = 1; step <= 8; ++step) {
        const gradients = gradientsAt(step);
        parameters.forEach((one, k) => (one.grad = gradients[k] as Float32Array));
        plain.step({ maxGradNorm: bound });
        const tensors = Object.fromEntries(names.map((name, k) => [name, tf.tensor1d(gradients[k] as Float32Array)]));
        optimizer.applyGradients(tensors);
        names.forEach((name, k) => expectSameBits(valuesOf(tensors[name] as tf.Tensor), gradients[k] as Float32Array, name));
        tf.dispose(tensors);
      }
      same();
    },
  );

  it.each([
    ["StepLR", (on: never) => new StepLR(on, { step_size: 3, gamma: 0.5 })],
    ["CosineAnnealingLR", (on: never) => new CosineAnnealingLR(on, { T_max: 10 })],
    ["OneCycleLR, which cycles beta1", (on: never) => new OneCycleLR(on, { max_lr: 0.2, total_steps: 20 })],
  ])("%s drives it with the bits of the plain class", (_, make) => {
    const { parameters, same } = both();
    const plain = new AdaBelief(parameters, { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1);
    const schedules = [make(plain as never), make(optimizer as never)];
    for (let step = 1; step <= 12; ++step) {
      const gradients = gradientsAt(step);
      parameters.forEach((one, k) => (one.grad = gradients[k] as Float32Array));
      plain.step();
      applyGradients(optimizer, Object.fromEntries(names.map((name, k) => [name, gradients[k] as Float32Array])));
      for (const schedule of schedules) schedule.step();
      expect(optimizer.learningRate).toBe(plain.paramGroups[0]?.lr);
      expect(optimizer.getConfig()["beta1"]).toBe(plain.paramGroups[0]?.betas[0]);
    }
    expect(schedules[1]?.stateDict()).toEqual(schedules[0]?.stateDict());
    same();
  });
});

describe("paramGroups", () => {
  it("cannot be replaced", () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    expect(() => Object.assign(optimizer, { paramGroups: [] })).toThrow(TypeError);
    expect(optimizer.paramGroups).toHaveLength(1);
  });

  it("is one group, whose lr and betas are the optimizer's own", () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const [group] = optimizer.paramGroups as [(typeof optimizer.paramGroups)[0]];
    expect(group).toMatchObject({ lr: 0.1, betas: [0.9, 0.999] });
    group.lr = 0.5;
    group.betas = [0.5, 0.9];
    expect(optimizer.getConfig()).toMatchObject({ learningRate: 0.5, beta1: 0.5, beta2: 0.9 });
    optimizer.learningRate = 0.25;
    expect(group.lr).toBe(0.25);
  });

  it.each<[string, unknown]>([
    ["lr", -1],
    ["lr", "0.1"],
    ["betas", 0.9],
    ["betas", [0.9]],
    ["betas", [1, 0.9]],
    ["betas", [0.9, null]],
  ])("refuses %s = %j, and keeps what it has", (key, value) => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const before = optimizer.getConfig();
    expect(() => Object.assign(optimizer.paramGroups[0] as object, { [key]: value })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }) as Error,
    );
    expect(optimizer.getConfig()).toEqual(before);
  });
});

describe("maxGradNorm", () => {
  it.each([-1, NaN, "1", null, true])("refuses %j", (maxGradNorm) => {
    expect(() => new AdaBeliefOptimizer(0.1, { maxGradNorm: maxGradNorm as never })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }) as Error,
    );
  });

  it("is part of the configuration where it was given", () => {
    const config = new AdaBeliefOptimizer(0.1, { maxGradNorm: 2 }).getConfig();
    expect(config).toMatchObject({ maxGradNorm: 2 });
    expect(AdaBeliefOptimizer.fromConfig(AdaBeliefOptimizer, config).getConfig()).toEqual(config);
  });
});
