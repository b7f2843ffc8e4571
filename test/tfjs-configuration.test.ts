// The configuration of the TensorFlow.js optimizer survives JSON, as a model that is saved, whatever its options are.
import * as tfl from "@tensorflow/tfjs-layers";
import { inspect } from "node:util";
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

/** An optimizer of a configuration that went through JSON. */
function afterJson(optimizer: AdaBeliefOptimizer): AdaBeliefOptimizer {
  const config = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
  return AdaBeliefOptimizer.fromConfig(AdaBeliefOptimizer, config) as unknown as AdaBeliefOptimizer;
}

const infinite: [string, number, AdaBeliefOptimizerOptions][] = [
  ["maxGradNorm", 0.1, { maxGradNorm: Infinity }],
  ["learningRate", Infinity, {}],
  ["epsilon", 0.1, { epsilon: Infinity }],
  ["weightDecay", 0.1, { weightDecay: Infinity }],
  ["minLr", 0.1, { minLr: Infinity }],
  ["smaThreshold", 0.1, { smaThreshold: Infinity }],
];

describe("an option that is Infinity", () => {
  it.each(infinite)("%s survives JSON", (name, learningRate, options) => {
    const optimizer = new AdaBeliefOptimizer(learningRate, options);
    const again = afterJson(optimizer);
    expect({ ...again.paramGroups[0], maxGradNorm: again.maxGradNorm }).toEqual({
      ...optimizer.paramGroups[0],
      maxGradNorm: optimizer.maxGradNorm,
    });
    expect(Object.values({ ...again.paramGroups[0], maxGradNorm: again.maxGradNorm })).toContain(Infinity);
    expect(optimizer.getConfig()[name]).toBe("infinity");
  });

  it.each(infinite)("%s survives a model that is saved and loaded", async (_, learningRate, options) => {
    await tf.setBackend("cpu");
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
    model.compile({ optimizer: new AdaBeliefOptimizer(learningRate, options), loss: "meanSquaredError" });
    let saved: tf.io.ModelArtifacts = {};
    const handler = tf.io.withSaveHandler(({ weightData, ...rest }) => {
      saved = { ...(JSON.parse(JSON.stringify(rest)) as tf.io.ModelArtifacts), ...(weightData && { weightData }) };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" as const } });
    });
    await model.save(handler, { includeOptimizer: true });
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved));
    expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    tf.disposeVariables();
  });

  it("as a word is refused by the constructor", () => {
    expect(() => new AdaBeliefOptimizer(0.1, { maxGradNorm: "infinity" as never })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }) as Error,
    );
  });
});

onBothBackends(() => {
  it("goes on with options that were changed between steps, after JSON", async () => {
    const first = new AdaBeliefOptimizer(0.1, { weightDecay: 0.1 });
    const one = variable("x", [6], 1);
    applyGradients(first, { x: floats(1, 6) });
    Object.assign(first.paramGroups[0] as object, { eps: 0.1, weight_decay: 0.3, lr: 0.2 });
    (first.paramGroups[0]?.betas as number[])[0] = 0.5;
    const second = afterJson(first);
    await second.setWeights(await first.getWeights());
    const values = valuesOf(one);
    applyGradients(first, { x: floats(2, 6) });
    const wanted = valuesOf(one);
    tf.tidy(() => one.assign(tf.tensor1d(values)));
    applyGradients(second, { x: floats(2, 6) });
    expectSameBits(valuesOf(one), wanted, "the variable");
  });

  it("console.log shows name, release, numbers of variables and steps, and the options", () => {
    const optimizer = new AdaBeliefOptimizer(0.25, { maxGradNorm: 2, epsilon: 1e-9 });
    variable("x", [6], 1);
    variable("y", [2, 2], 1);
    for (let step = 0; step < 3; ++step) applyGradients(optimizer, { x: floats(1, 6), y: floats(2, 4) });
    const text = inspect(optimizer);
    expect(text).toMatch(/^AdaBeliefOptimizer 0\.2\.1 \{/);
    for (const part of [
      "variables: 2",
      "elements: 10",
      "steps: 3",
      "maxGradNorm: 2",
      "lr: 0.25",
      "betas: [ 0.9, 0.999 ]",
      "eps: 1e-9",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("Getter");
  });

  it("console.log is short within other objects, names one's own class, and says that one was disposed", () => {
    class Mine extends AdaBeliefOptimizer {}
    const optimizer = new Mine(0.25, { version: "0.0.1" });
    expect(inspect(optimizer)).toMatch(/^Mine of AdaBeliefOptimizer 0\.0\.1 \{/);
    expect(inspect({ a: { b: { c: optimizer } } })).toContain("[Mine of AdaBeliefOptimizer 0.0.1]");
    optimizer.dispose();
    expect(inspect(optimizer)).toBe("Mine of AdaBeliefOptimizer 0.0.1 (disposed)");
    expect(inspect(Object.create(AdaBeliefOptimizer.prototype))).toBe("AdaBeliefOptimizer");
  });
});
