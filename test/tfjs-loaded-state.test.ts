// Whose state loaded state is: with layers frozen and thawed, in the process that made the model and in others; and not tfjs' own.
import * as tfl from "@tensorflow/tfjs-layers";
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

/** One step for each set of gradients, by one optimizer over variables of names and seeds. */
function stepped(optimizer: AdaBeliefOptimizer, names: readonly string[], seed: number): void {
  applyGradients(optimizer, Object.fromEntries(names.map((name) => [name, floats(seed + name.length, 4)])));
}

/** The state of an optimizer by name. */
async function stateOf(optimizer: AdaBeliefOptimizer): Promise<Record<string, number[]>> {
  const weights = await optimizer.getWeights();
  return Object.fromEntries(weights.slice(1).map(({ name, tensor }) => [name, [...valuesOf(tensor)]]));
}

/** Trains variables, and gives their state to a new optimizer that then steps others. Returns both states. */
async function handOver(trained: readonly string[], others: readonly string[]) {
  const saved = new AdaBeliefOptimizer(0.1);
  trained.forEach((name, k) => variable(name, [4], k));
  applyGradients(saved, Object.fromEntries(trained.map((name, k) => [name, floats(10 + k, 4)])));
  const before = await stateOf(saved);
  const optimizer = new AdaBeliefOptimizer(0.1);
  await optimizer.setWeights(await saved.getWeights());
  tf.disposeVariables();
  others.forEach((name, k) => variable(name, [4], k));
  // With a gradient of zeros the new m is 0.9 times the old one.
  applyGradients(optimizer, Object.fromEntries(others.map((name) => [name, new Float32Array(4)])));
  return { before, after: await stateOf(optimizer) };
}

const decayed = (m: readonly number[] = [0, 0, 0, 0]) => m.map((value) => Math.fround(Math.fround(0.9) * value));

onBothBackends(() => {
  it.each<[string, string[], string[], Record<string, string | null>]>([
    [
      "frozen, elsewhere",
      ["a/kernel", "a/bias", "b/kernel"],
      ["a/bias", "b/kernel"],
      { "a/bias": "a/bias", "b/kernel": "b/kernel" },
    ],
    [
      "frozen, in the same process",
      ["a/kernel", "a/bias", "b/kernel"],
      ["b/kernel_1", "a/bias_1"],
      { "b/kernel_1": "b/kernel", "a/bias_1": "a/bias" },
    ],
    [
      "frozen, in the same process for the second time",
      ["a/kernel_1", "b/kernel_1"],
      ["b/kernel_2"],
      { "b/kernel_2": "b/kernel_1" },
    ],
    ["thawed, elsewhere", ["b/kernel"], ["a/kernel", "b/kernel"], { "a/kernel": null, "b/kernel": "b/kernel" }],
    ["thawed, in the same process", ["b/kernel"], ["a/kernel_1", "b/kernel_1"], { "a/kernel_1": null, "b/kernel_1": "b/kernel" }],
    ["loaded in the same process", ["k", "k_1"], ["k_1", "k_2"], { k_1: "k", k_2: "k_1" }],
    ["of other names, as many", ["a", "b"], ["c", "d"], { c: "a", d: "b" }],
    ["unnamed, of other numbers", ["1003", "1004"], ["1004", "1005"], { 1004: "1003", 1005: "1004" }],
    ["numbered by the program, one more", ["w_1", "w_2"], ["w_1", "w_2", "w_3"], { w_1: "w_1", w_2: "w_2", w_3: null }],
    ["a layer's own weights, loaded in the same process", ["c/w_1", "c/w_2"], ["c/w_2_1"], { "c/w_2_1": "c/w_2" }],
    ["a layer's own weights, saved by a model that was loaded", ["c/w_1_1", "c/w_2_1"], ["c/w_2"], { "c/w_2": "c/w_2_1" }],
  ])("%s: each variable finds its own", async (_, trained, others, wanted) => {
    const { before, after } = await handOver(trained, others);
    for (const [name, from] of Object.entries(wanted)) {
      const m = from === null ? undefined : before[`${from}/m`];
      expectSameBits(Float32Array.from(after[`${name}/m`] as number[]), Float32Array.from(decayed(m)), name);
    }
  });

  it.each([
    ["fewer, of other names", ["a", "b", "c"], ["d", "e"]],
    ["more, of other names", ["a"], ["d", "e"]],
    ["more, and not all that there were", ["a", "b"], ["b", "c", "d"]],
    ["as many, and one of them of the same name", ["a", "b"], ["b", "c"]],
    ["as many, in an order that the numbers contradict", ["d1/k", "d2/k"], ["d4/k", "d3/k"]],
    ["as many, of which one has another's kind of name", ["d1/k", "d1/b"], ["d2/b", "d2/k"]],
  ])("%s: refused", async (_, trained, others) => {
    await expect(handOver(trained, others)).rejects.toMatchObject({ code: "ERR_STATE_DICT" });
  });

  it.each([
    ["frozen", true, false],
    ["thawed", false, true],
  ])("a model whose layer is %s after it was loaded by the process that made it trains on", async (_, before, after) => {
    const layers = [4, 3].map((units) => tfl.layers.dense({ units, ...(units === 4 ? { inputShape: [3] } : {}) }));
    const model = tfl.sequential({ layers });
    const compile = (one: tfl.LayersModel, trainable: boolean, optimizer: tf.Optimizer) => {
      (one.layers[0] as tfl.layers.Layer).trainable = trainable;
      one.compile({ optimizer, loss: "meanSquaredError" });
    };
    const [x, y] = [tf.tensor2d(floats(1, 24), [8, 3]), tf.tensor2d(floats(2, 24), [8, 3])];
    compile(model, before, new AdaBeliefOptimizer(0.1));
    await model.fit(x, y, { epochs: 2 });
    let saved: tf.io.ModelArtifacts = {};
    const keep = tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" as const } });
    });
    await model.save(keep, { includeOptimizer: true });
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved));
    compile(loaded, after, loaded.optimizer);
    const last = valuesOf((loaded.layers[1] as tfl.layers.Layer).getWeights()[0] as tf.Tensor);
    await loaded.fit(x, y, { epochs: 1 });
    expect(valuesOf((loaded.layers[1] as tfl.layers.Layer).getWeights()[0] as tf.Tensor)).not.toEqual(last);
    expect(loaded.optimizer.iterations).toBe(3);
    tf.dispose([x, y]);
  });

  describe("the state of tfjs' own optimizers is refused, and nothing is changed", () => {
    const makers: [string, () => tf.Optimizer][] = [
      ["adam", () => tf.train.adam(0.1)],
      ["adagrad", () => tf.train.adagrad(0.1)],
      ["adadelta", () => tf.train.adadelta(0.1)],
      ["rmsprop", () => tf.train.rmsprop(0.1)],
      ["momentum", () => tf.train.momentum(0.1, 0.9)],
      ["sgd", () => tf.train.sgd(0.1)],
    ];
    it.each(makers)("%s", async (_, make) => {
      variable("x", [4], 1);
      const foreign = make();
      applyGradients(foreign, { x: floats(2, 4) });
      const weights = await foreign.getWeights();
      const optimizer = new AdaBeliefOptimizer(0.1);
      stepped(optimizer, ["x"], 1);
      const before = await stateOf(optimizer);
      await expect(optimizer.setWeights(weights)).rejects.toMatchObject({ code: "ERR_STATE_DICT" });
      expect(await stateOf(optimizer)).toEqual(before);
      expect(optimizer.iterations).toBe(1);
    });
  });
});
