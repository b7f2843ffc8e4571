// One optimizer for models and variables that come and go: the state of those that were disposed is let go of.
import * as tfl from "@tensorflow/tfjs-layers";
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, saveModel, tf, valuesOf, variable } from "./helpers/tfjs";

const makeModel = (units: number, optimizer: tf.Optimizer) => {
  const first = tfl.layers.dense({ units, inputShape: [3], kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) });
  const last = tfl.layers.dense({ units: 1, kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }) });
  const model = tfl.sequential({ layers: [first, last] });
  model.compile({ optimizer, loss: "meanSquaredError" });
  return model;
};

async function fit(model: tfl.LayersModel, epochs = 2) {
  const [x, y] = [tf.tensor2d(floats(5, 24), [8, 3]), tf.tensor2d(floats(6, 8), [8, 1])];
  await model.fit(x, y, { epochs, batchSize: 4, shuffle: false });
  tf.dispose([x, y]);
}

const namesOf = async (optimizer: AdaBeliefOptimizer) => (await optimizer.getWeights()).map(({ name }) => name);

onBothBackends(() => {
  it("lists the living variables alone, 21 tensors for 10 of 110", async () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    const living = Array.from({ length: 10 }, (_, k) => variable(`living${k}`, [4], k));
    for (let k = 0; k < 100; ++k) {
      const one = variable(`passing${k}`, [4], k);
      optimizer.minimize(() => tf.sum<tf.Scalar>(tf.square(one)), false, [one]);
      if (k % 10 === 0) await optimizer.getWeights();
      one.dispose();
    }
    applyGradients(optimizer, Object.fromEntries(living.map(({ name }) => [name, floats(1, 4)])));
    expect(await namesOf(optimizer)).toEqual([
      "iter",
      ...living.map(({ name }) => `${name}/m`),
      ...living.map(({ name }) => `${name}/v`),
    ]);
  });

  it("keeps no tensor of what was shown of them", async () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    await optimizer.getWeights();
    const { numTensors } = tf.memory();
    const one = variable("one", [4], 1);
    applyGradients(optimizer, { one: floats(2, 4) });
    await optimizer.getWeights();
    expect(tf.memory().numTensors).toBe(numTensors + 3);
    one.dispose();
    await optimizer.getWeights();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("begins anew for a variable that has the name of a disposed one", async () => {
    const optimizer = new AdaBeliefOptimizer(0.1, { rectify: false });
    const first = variable("x", [4], 1);
    applyGradients(optimizer, { x: floats(2, 4) });
    first.dispose();
    variable("x", [6], 3);
    applyGradients(optimizer, { x: new Float32Array(6).fill(1) });
    const [, m] = await optimizer.getWeights();
    expectSameBits(valuesOf(m?.tensor as tf.Tensor), new Float32Array(6).fill(Math.fround(1 - 0.9)), "m of the new one");
  });

  it("fits, saves and loads model B after model A was disposed", async () => {
    const optimizer = new AdaBeliefOptimizer(0.01);
    const a = makeModel(4, optimizer);
    await fit(a);
    a.dispose();
    const b = makeModel(5, optimizer);
    await fit(b);
    expect(await namesOf(optimizer)).toHaveLength(1 + 2 * 4);
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(await saveModel(b)));
    await fit(b);
    await fit(loaded);
    const [ours, theirs] = [b, loaded].map((model) => model.getWeights().map(valuesOf)) as [Float32Array[], Float32Array[]];
    ours.forEach((values, k) => expectSameBits(theirs[k] as Float32Array, values, `weight ${k}`));
  });

  it("fits model B after a loaded model, of which a layer was frozen, was disposed", async () => {
    const made = makeModel(4, new AdaBeliefOptimizer(0.01));
    await fit(made);
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(await saveModel(made)));
    const optimizer = loaded.optimizer as unknown as AdaBeliefOptimizer;
    (loaded.layers[0] as tfl.layers.Layer).trainable = false;
    loaded.compile({ optimizer, loss: "meanSquaredError" });
    await fit(loaded);
    loaded.layers.forEach((layer) => layer.dispose());
    const b = makeModel(7, optimizer);
    await fit(b);
    expect(await namesOf(optimizer)).toHaveLength(1 + 2 * 4);
  });

  describe("a loaded model that is disposed before its first step leaves its optimizer to model B,", () => {
    it.each<[string, number, boolean]>([
      ["of the same shapes", 4, true],
      ["of the same shapes, beside the model that was saved", 4, false],
      ["of other shapes", 7, true],
      ["of other shapes, beside the model that was saved", 7, false],
    ])("%s: B begins with zeros, is saved, loaded and fitted", async (_, units, isDisposed) => {
      const made = makeModel(4, new AdaBeliefOptimizer(0.01));
      await fit(made);
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(await saveModel(made)));
      const optimizer = loaded.optimizer as unknown as AdaBeliefOptimizer;
      if (isDisposed) made.dispose();
      loaded.layers.forEach((layer) => layer.dispose());
      const b = makeModel(units, optimizer);
      const [kernel] = b.layers.map((layer) => layer.weights[0]?.read() as tf.Variable) as [tf.Variable];
      applyGradients(optimizer, { [kernel.name]: new Float32Array(kernel.size) });
      expect(await namesOf(optimizer)).toEqual(["iter", `${kernel.name}/m`, `${kernel.name}/v`]);
      const [, m] = await optimizer.getWeights();
      expectSameBits(valuesOf(m?.tensor as tf.Tensor), new Float32Array(kernel.size), "m of B");
      await fit(b);
      const again = await tfl.loadLayersModel(tf.io.fromMemory(await saveModel(b)));
      await fit(again);
      expect(await namesOf(optimizer)).toHaveLength(1 + 2 * 4);
    });

    it("and is not saved itself", async () => {
      const made = makeModel(4, new AdaBeliefOptimizer(0.01));
      await fit(made);
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(await saveModel(made)));
      const optimizer = loaded.optimizer as unknown as AdaBeliefOptimizer;
      expect(await namesOf(optimizer)).toHaveLength(1 + 2 * 4);
      loaded.layers.forEach((layer) => layer.dispose());
      expect(await namesOf(optimizer)).toEqual(["iter"]);
    });
  });

  it("lets go of state after tf.disposeVariables(), which marks no variable as disposed", async () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    variable("x", [4], 1);
    applyGradients(optimizer, { x: floats(2, 4) });
    tf.disposeVariables();
    expect(await namesOf(optimizer)).toEqual(["iter"]);
    variable("y", [4], 1);
    applyGradients(optimizer, { y: floats(2, 4) });
    expect(await namesOf(optimizer)).toEqual(["iter", "y/m", "y/v"]);
  });
});
