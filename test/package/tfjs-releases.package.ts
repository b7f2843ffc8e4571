// Beside TensorFlow.js 2, 3 and 4: the package installs, and with 3 and 4 its optimizer trains, saves and loads.
import { packed, run, succeed, write } from "./installation";

const { install } = packed();
const parts = ["core", "layers", "backend-cpu", "backend-wasm"];

const program = `
const tf = require("@tensorflow/tfjs-core");
const tfl = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
setWasmPaths(require("path").dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + "/");
const { AdaBelief, parameter } = require("adabelief");
const { AdaBeliefOptimizer } = require("adabelief/tfjs");
tf.enableProdMode();

async function main(backend) {
  await tf.setBackend(backend);
  // The bits of the plain class.
  const x = tf.variable(tf.tensor1d([1, -2, 3]), true, "x" + backend);
  const p = parameter(new Float32Array([1, -2, 3]));
  const [ours, plain] = [new AdaBeliefOptimizer(0.1), new AdaBelief([p], { lr: 0.1, version: "tf-0.2.1" })];
  for (let step = 1; step < 10; ++step) {
    p.grad = new Float32Array([step, 1, -step]);
    plain.step();
    ours.applyGradients({ [x.name]: tf.tensor1d([step, 1, -step]) });
  }
  const same = x.dataSync().join() === p.data.join();

  // A model that is saved, loaded, and goes on as the one that was not.
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 4, inputShape: [2] }), tfl.layers.dense({ units: 1 })] });
  model.compile({ optimizer: new AdaBeliefOptimizer(0.05, { rectify: false }), loss: "meanSquaredError" });
  const [inputs, targets] = [tf.tensor2d([[0, 1], [1, 0], [1, 1], [0, 0]]), tf.tensor2d([[1], [2], [3], [0]])];
  const fit = async (one) => (await one.fit(inputs, targets, { epochs: 20, shuffle: false, verbose: 0 })).history.loss;
  const losses = await fit(model);
  let saved;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  }), { includeOptimizer: true });
  const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved.modelTopology, saved.weightSpecs, saved.weightData, saved.trainingConfig));
  const [there, here] = [await fit(loaded), await fit(model)];
  return { backend, same, learns: losses[19] < losses[0], goesOn: there.join() === here.join(), steps: loaded.optimizer.iterations };
}
(async () => console.log(JSON.stringify([await main("cpu"), await main("wasm")])))();
`;

it.each(["3.21.0", "4.0.0", "4.22.0"])("TensorFlow.js %s trains, saves and loads", (release) => {
  const app = install(
    `tfjs-${release}`,
    parts.map((part) => `@tensorflow/tfjs-${part}@${release}`),
  );
  write(app, { "app.cjs": program });
  const printed = succeed(app, "node", ["app.cjs"]).trim().split("\n").at(-1) as string;
  const wanted = { same: true, learns: true, goesOn: true, steps: 40 };
  expect(JSON.parse(printed)).toEqual([
    { backend: "cpu", ...wanted },
    { backend: "wasm", ...wanted },
  ]);
});

it("TensorFlow.js 2 does not stand in the way of an installation, and is refused by adabelief/tfjs", () => {
  const app = install("tfjs-2", ["@tensorflow/tfjs-core@2.8.6"]);
  const { stdout } = run(app, "node", ["-p", `require("adabelief").cpu.threads > 0`]);
  expect(stdout).toBe("true\n");
  const { status, stderr } = run(app, "node", ["-e", `require("adabelief/tfjs")`]);
  expect(status).toBe(1);
  expect(stderr).toContain("needs TensorFlow.js 3 or 4, and");
  expect(stderr).toContain('is "2.8.6"');
});
