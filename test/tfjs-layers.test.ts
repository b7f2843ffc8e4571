// AdaBeliefOptimizer in tfjs' layers: compile, fit, callbacks, and models saved with their optimizer.
import * as tfl from "@tensorflow/tfjs-layers";
import { AdaBelief, parameter, type Parameter } from "../lib";
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { floats, onBothBackends, tf, valuesOf } from "./helpers/tfjs";

const rows = 40;

/** A small model with the same weights each time. */
function makeModel(optimizer: tf.Optimizer): tfl.Sequential {
  const dense = (units: number, seed: number, rest: object) =>
    tfl.layers.dense({ units, kernelInitializer: tfl.initializers.glorotUniform({ seed }), ...rest });
  const model = tfl.sequential({
    layers: [dense(8, 1, { activation: "tanh", inputShape: [5] }), dense(3, 2, { activation: "softmax" })],
  });
  model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** Data that a model can learn: which of three sums is the greatest. */
function makeData() {
  const values = floats(5, rows * 5);
  const kinds = Array.from({ length: rows }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = values.subarray(5 * i, 5 * i + 5);
    const sums = [a + b, c, d - e];
    return sums.indexOf(Math.max(...sums));
  });
  return { x: tf.tensor2d(values, [rows, 5]), y: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(kinds, "int32"), 3), "float32")) };
}

const weightsOf = (model: tfl.LayersModel) => model.getWeights().map(valuesOf);

/** Fits without shuffling, so that every call sees the same batches. */
async function fit(model: tfl.LayersModel, epochs: number, callbacks: tfl.CustomCallbackArgs = {}) {
  const { x, y } = makeData();
  try {
    return (await model.fit(x, y, { epochs, batchSize: 8, shuffle: false, callbacks })).history;
  } finally {
    tf.dispose([x, y]);
  }
}

/** What a file keeps of a model: all of it but the weights goes through JSON. */
async function save(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler((all) => {
    const { weightData, ...rest } = all;
    artifacts = { ...(JSON.parse(JSON.stringify(rest)) as tf.io.ModelArtifacts), weightData: weightData as tf.io.WeightData };
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" as const } });
  });
  await model.save(handler, { includeOptimizer: true });
  return artifacts;
}

const load = (artifacts: tf.io.ModelArtifacts) => tfl.loadLayersModel(tf.io.fromMemory(artifacts));

onBothBackends(() => {
  it("trains a model, whose weights are those that the plain class makes of the same gradients", async () => {
    const optimizer = new AdaBeliefOptimizer(0.02);
    const model = makeModel(optimizer);
    const parameters: Parameter[] = weightsOf(model).map((data) => parameter(data.slice()));
    const plain = new AdaBelief(parameters, { version: "tf-0.2.1", lr: 0.02 });
    const apply = optimizer.applyGradients.bind(optimizer);
    let steps = 0;
    optimizer.applyGradients = (gradients) => {
      (gradients as { tensor: tf.Tensor }[]).forEach(({ tensor }, k) =>
        Object.assign(parameters[k] as Parameter, { grad: valuesOf(tensor) }),
      );
      plain.step();
      apply(gradients);
      steps += 1;
    };
    const { loss, acc } = (await fit(model, 40)) as Record<"loss" | "acc", number[]>;
    expect(steps).toBe(40 * (rows / 8));
    weightsOf(model).forEach((values, k) => expectSameBits(values, parameters[k]?.data as Float32Array, `weight ${k}`));
    expect(loss.at(-1)).toBeLessThan((loss[0] as number) / 2);
    expect(acc.at(-1)).toBeGreaterThan(0.9);
  });

  it("lets a callback set the learning rate", async () => {
    const [changed, fixed] = [new AdaBeliefOptimizer(0.1), new AdaBeliefOptimizer(0.1)];
    const [one, other] = [makeModel(changed), makeModel(fixed)];
    const rates: number[] = [];
    await fit(one, 3, {
      onEpochBegin: (epoch) => void (changed.learningRate = epoch === 0 ? 0.1 : 0),
      onEpochEnd: () => void rates.push(changed.learningRate),
    });
    await fit(other, 1);
    expect(rates).toEqual([0.1, 0, 0]);
    weightsOf(one).forEach((values, k) => expectSameBits(values, weightsOf(other)[k] as Float32Array, `weight ${k}`));
  });

  it.each<[string, AdaBeliefOptimizerOptions]>([
    ["the defaults", {}],
    ["amsgrad, weight decay and a warm-up", { amsgrad: true, weightDecay: 0.01, totalSteps: 60, minLr: 1e-4 }],
    ["release 0.0.1", { version: "0.0.1", epsilon: 1e-10 }],
  ])("continues a saved model with the bits of the uninterrupted run: %s", async (_, options) => {
    const model = makeModel(new AdaBeliefOptimizer(0.03, options));
    await fit(model, 4);
    const artifacts = await save(model);
    await fit(model, 4);

    const loaded = await load(artifacts);
    expect(loaded.optimizer).toBeInstanceOf(AdaBeliefOptimizer);
    expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    expect(loaded.optimizer.iterations).toBe(20);
    const again = await load(await save(loaded)); // before any step
    for (const one of [loaded, again]) {
      await fit(one, 4);
      weightsOf(one).forEach((values, k) => expectSameBits(values, weightsOf(model)[k] as Float32Array, `weight ${k}`));
    }
  });

  it("takes no more memory with every save, and none after dispose", async () => {
    const { numTensors } = tf.memory();
    const optimizer = new AdaBeliefOptimizer();
    const model = makeModel(optimizer);
    await fit(model, 1);
    await save(model);
    const early = tf.memory();
    for (let k = 0; k < 5; ++k) {
      await fit(model, 1);
      await save(model);
    }
    expect(tf.memory()).toEqual(early);
    optimizer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("makes no step after a load until excludeFromWeightDecay, which no file keeps, is set again", async () => {
    const exclude = (name: string) => name.includes("bias");
    const model = makeModel(new AdaBeliefOptimizer(0.03, { weightDecay: 0.1, excludeFromWeightDecay: exclude }));
    await fit(model, 2);
    const artifacts = await save(model);
    await fit(model, 2);

    const loaded = await load(artifacts);
    const before = weightsOf(loaded);
    await expect(fit(loaded, 2)).rejects.toMatchObject({
      code: "ERR_INVALID_OPTION",
      message: expect.stringContaining("set optimizer.excludeFromWeightDecay again") as string,
    });
    weightsOf(loaded).forEach((values, k) => expectSameBits(values, before[k] as Float32Array, `weight ${k}`));
    Object.assign(loaded.optimizer, { excludeFromWeightDecay: exclude });
    await fit(loaded, 2);
    weightsOf(loaded).forEach((values, k) => expectSameBits(values, weightsOf(model)[k] as Float32Array, `weight ${k}`));
  });
});

describe("its configuration", () => {
  it("is what the constructor was given, with the defaults of the release", () => {
    expect(new AdaBeliefOptimizer().getConfig()).toEqual({
      learningRate: 1e-3,
      version: "0.2.1",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-14,
      weightDecay: 0,
      rectify: true,
      amsgrad: false,
      smaThreshold: 5,
      totalSteps: 0,
      warmupProportion: 0.1,
      minLr: 0,
    });
    const old = { learningRate: 0.5, version: "0.0.1", beta1: 0.5, beta2: 0.9, epsilon: 1e-8, amsgrad: true };
    const { learningRate, ...options } = old;
    expect(new AdaBeliefOptimizer(learningRate, options as AdaBeliefOptimizerOptions).getConfig()).toEqual(old);
  });

  it("makes the same optimizer again, also with what tfjs adds to it", () => {
    const { learningRate, ...options } = { learningRate: 0.5, beta1: 0.5, weightDecay: 0.1, totalSteps: 9 };
    const config = new AdaBeliefOptimizer(learningRate, options).getConfig();
    expect(AdaBeliefOptimizer.fromConfig(AdaBeliefOptimizer, { ...config, customObjects: {} }).getConfig()).toEqual(config);
  });

  it("is registered with tfjs, once and by its name in Python", () => {
    tf.serialization.registerClass(AdaBeliefOptimizer);
    expect(tf.serialization.SerializationMap.getMap().classNameMap["AdaBeliefOptimizer"]?.[0]).toBe(AdaBeliefOptimizer);
    expect(new AdaBeliefOptimizer().getClassName()).toBe("AdaBeliefOptimizer");
  });
});
