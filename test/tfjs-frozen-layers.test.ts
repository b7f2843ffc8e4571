// Loaded state finds its own variables, whichever layers were frozen when it was saved, and whichever are now.
import * as tfl from "@tensorflow/tfjs-layers";
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, saveModel, tf, valuesOf } from "./helpers/tfjs";

const units = 4;
const count = 3;

/** Three layers of one shape, of which some are trained. */
function makeModel(trained: readonly number[]): tfl.LayersModel {
  const layers = Array.from({ length: count }, (_, k) =>
    tfl.layers.dense({ units, useBias: false, ...(k === 0 ? { inputShape: [units] } : {}) }),
  );
  return compile(tfl.sequential({ layers }), trained, new AdaBeliefOptimizer(0.1, { rectify: false }));
}

function compile(model: tfl.LayersModel, trained: readonly number[], optimizer = model.optimizer): tfl.LayersModel {
  model.layers.forEach((layer, k) => (layer.trainable = trained.includes(k)));
  model.compile({ optimizer, loss: "meanSquaredError" });
  return model;
}

/** The variables of a model's layers. */
const kernels = (model: tfl.LayersModel) => model.layers.map((layer) => layer.weights[0]?.read() as tf.Variable);

const optimizerOf = (model: tfl.LayersModel) => model.optimizer as unknown as AdaBeliefOptimizer;

/** One step of those layers that are trained, with gradients from a seed or, without one, of zeros: m is then 0.9 times what it was. */
function step(model: tfl.LayersModel, seed?: number): void {
  const gradient = (k: number) => (seed === undefined ? new Float32Array(units * units) : floats(seed + k, units * units));
  const trained = kernels(model).flatMap((kernel, k) =>
    model.layers[k]?.trainable === true ? [[kernel.name, gradient(k)] as const] : [],
  );
  applyGradients(optimizerOf(model), Object.fromEntries(trained));
}

/** The mean of each layer's gradients, by the names of its variables; undefined where there is none. */
async function means(model: tfl.LayersModel): Promise<(Float32Array | undefined)[]> {
  const weights = await optimizerOf(model).getWeights();
  return kernels(model).map(({ name }) => {
    const found = weights.find((one) => one.name === `${name}/m`);
    return found && valuesOf(found.tensor);
  });
}

const load = (saved: tf.io.ModelArtifacts) => tfl.loadLayersModel(tf.io.fromMemory(saved));

const zeros = new Float32Array(units * units);
const decayed = (m: Float32Array | undefined) => m?.map((value) => Math.fround(0.9) * value) ?? zeros;

/** Expects that the trained layers went on from means, and that those which are frozen have theirs yet. */
async function expectGoesOn(model: tfl.LayersModel, trained: readonly number[], before: readonly (Float32Array | undefined)[]) {
  const after = await means(model);
  for (const k of trained) expectSameBits(after[k] as Float32Array, decayed(before[k]), `m of layer ${k}`);
}

/** The steps that models take: [[0, 1], [1]] are two steps, of layers 0 and 1, then of layer 1. */
type Steps = readonly (readonly number[])[];

/** A model that took steps, and what each of its layers has gathered. */
async function train(steps: Steps) {
  const model = makeModel(steps[0] ?? []);
  steps.forEach((trained, k) => step(compile(model, trained), 10 * (k + 1)));
  return { model, before: await means(model) };
}

onBothBackends(() => {
  const cases: [what: string, saved: Steps, then: Steps][] = [
    ["freeze one", [[0, 1, 2]], [[0, 2]]],
    ["freeze two", [[0, 1, 2]], [[1]]],
    ["thaw one", [[1, 2]], [[0, 1, 2]]],
    ["freeze one, thaw another", [[1]], [[0]]],
    ["freeze two, thaw one", [[1, 2]], [[0]]],
    ["freeze one, thaw two", [[1]], [[0, 2]]],
    ["freeze one, thaw another, keep one", [[1, 2]], [[0, 2]]],
    ["thaw the one that was frozen, later", [[1, 2]], [[0], [0, 1, 2]]],
    ["freeze and thaw twice", [[1, 2]], [[0, 1], [0, 2], [1]]],
  ];

  describe.each([
    ["the model that was saved lives on", false],
    ["the model that was saved is disposed", true],
  ])("in the process that made it, %s:", (_, isDisposed) => {
    it.each(cases)("%s", async (_, saved, then) => {
      const { model, before } = await train(saved);
      const artifacts = await saveModel(model);
      if (isDisposed) model.dispose();
      const loaded = await load(artifacts);
      const now = [...before];
      for (const trained of then) {
        step(compile(loaded, trained));
        await expectGoesOn(loaded, trained, now);
        for (const k of trained) now[k] = decayed(now[k]);
      }
    });

    it("and the state of frozen layers is saved again", async () => {
      const { model, before } = await train([[0, 1, 2]]);
      const artifacts = await saveModel(model);
      if (isDisposed) model.dispose();
      const loaded = await load(artifacts);
      step(compile(loaded, [1]));
      const again = compile(await load(await saveModel(loaded)), [0, 1, 2]);
      step(again);
      await expectGoesOn(again, [0, 2], before);
    });
  });

  it.each(cases)("as in another process, where names are the same: %s", async (_, saved, then) => {
    const { model, before } = await train(saved);
    const weights = (await optimizerOf(model).getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
    const variables = kernels(model).map(({ name }) => name);
    model.dispose();
    const optimizer = new AdaBeliefOptimizer(0.1, { rectify: false });
    await optimizer.setWeights(weights);
    const now = [...before];
    for (const name of variables) tf.tidy(() => void tf.variable(tf.zeros([units, units]), true, name));
    for (const trained of then) {
      applyGradients(optimizer, Object.fromEntries(trained.map((k) => [variables[k] as string, zeros])));
      const after = new Map((await optimizer.getWeights()).map(({ name, tensor }) => [name, valuesOf(tensor)]));
      for (const k of trained) {
        now[k] = decayed(now[k]);
        expectSameBits(after.get(`${String(variables[k])}/m`) as Float32Array, now[k], `m of layer ${k}`);
      }
    }
    tf.dispose(weights.map(({ tensor }) => tensor));
  });

  describe("a model that is built by code again, whose layers have other numbers", () => {
    const build = async (saved: Steps, trained: readonly number[], isDisposed = true) => {
      const { model, before } = await train(saved);
      const weights = (await optimizerOf(model).getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
      if (isDisposed) model.dispose();
      const built = makeModel(trained);
      await optimizerOf(built).setWeights(weights);
      tf.dispose(weights.map(({ tensor }) => tensor));
      return { built, before };
    };

    it.each<[string, Steps]>([
      ["all were trained at once", [[0, 1, 2]]],
      [
        "the first was thawed later",
        [
          [1, 2],
          [0, 1, 2],
        ],
      ],
      [
        "the one in the middle was thawed later",
        [
          [0, 2],
          [0, 1, 2],
        ],
      ],
      ["they were trained one after the other", [[2], [0], [1]]],
      ["they were thawed from the last to the first", [[2], [1, 2], [0, 1, 2]]],
    ])("takes the state of each layer, where %s", async (_, saved) => {
      for (const isDisposed of [true, false]) {
        const { built, before } = await build(saved, [0, 1, 2], isDisposed);
        step(built);
        await expectGoesOn(built, [0, 1, 2], before);
      }
    });

    it.each<[string, Steps, number[]]>([
      ["one layer was trained, and another is", [[1]], [0]],
      ["two were trained, and two others are", [[1, 2]], [0, 1]],
    ])("is refused where %s", async (_, saved, trained) => {
      const { built } = await build(saved, trained);
      const values = kernels(built).map(valuesOf);
      expect(() => step(built, 1)).toThrow(expect.objectContaining({ code: "ERR_STATE_DICT" }) as Error);
      kernels(built).forEach((kernel, k) => expectSameBits(valuesOf(kernel), values[k] as Float32Array, `layer ${k}`));
      expect(built.optimizer.iterations).toBe(saved.length);
    });
  });

  it("state goes on after it was loaded by a process that had other models of these names", async () => {
    const { model, before } = await train([[0, 1]]);
    const first = await load(await saveModel(model));
    step(compile(first, [0, 1]));
    const second = compile(await load(await saveModel(first)), [1, 2]);
    step(second);
    await expectGoesOn(
      second,
      [1, 2],
      before.map((m, k) => (k === 1 ? decayed(m) : undefined)),
    );
  });
});
