// What the tests' page can do, for Chromium: called by name from pages.browser.ts.
import * as core from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import { AdaBelief, encodeSafetensors, info, parameter, readSafetensors, ready, writeSafetensors } from "../../lib";
import { AdaBeliefOptimizer } from "../../lib/tfjs";
import { bitsOf } from "../helpers/bits";
import { golden, gradientsAt, initialValues } from "../helpers/golden";
import { replayAll } from "../helpers/replay-all";

/** An optimizer after two steps. */
function trained() {
  const weight = parameter(Float32Array.of(1, -2, 3), { name: "weight" });
  const optimizer = new AdaBelief([weight], { lr: 1e-2 });
  for (const scale of [1, 2]) {
    weight.grad = Float32Array.of(0.5 * scale, -0.25, 0.125);
    optimizer.step();
  }
  return { weight, optimizer };
}

const step = ({ weight, optimizer }: ReturnType<typeof trained>) => {
  weight.grad = Float32Array.of(-1, 1, 0.5);
  optimizer.step();
  return [...bitsOf(weight.data)];
};

/** Saves to bytes, and goes on from them: the bytes, and the bits after one more step of each. */
async function saveAndLoad() {
  const first = trained();
  const bytes = first.optimizer.encodeState({ parameters: true, extra: { epoch: 3 } });
  const resumed = await Promise.all(
    [bytes, new Blob([bytes])].map(async (from) => {
      const weight = parameter(new Float32Array(3), { name: "weight" });
      const optimizer = new AdaBelief([weight], { lr: 1e-2 });
      const { extra } = await optimizer.loadState(from, { parameters: true });
      return { extra, bits: step({ weight, optimizer }) };
    }),
  );
  const refused = await errorOf(() => first.optimizer.saveState("state.safetensors"));
  return { bytes: [...bytes], wanted: step(first), resumed, refused };
}

/** Safetensors files as bytes: what is read of them, in half precision too. */
async function passSafetensors() {
  const bytes = encodeSafetensors({ half: { data: Uint16Array.of(0x3c00, 0x8001), dtype: "F16" }, ones: Float32Array.of(1, 1) });
  const read = await Promise.all(
    [bytes, new Blob([bytes])].map(async (from) => {
      const { tensors } = await readSafetensors(from, { widen: true });
      return [...tensors].map(([name, { dtype, data }]) => [name, dtype, [...data].map(Number)]);
    }),
  );
  return { bytes: [...bytes], read, refused: await errorOf(() => writeSafetensors("x.safetensors", {})) };
}

/** Steps over the recorded gradients by way of tensors: the bits of the values. */
async function trainTensors(backend: string): Promise<number[]> {
  await core.setBackend(backend);
  const variable = core.variable(core.tensor1d(initialValues()), true, `values on ${backend}`);
  const optimizer = new AdaBeliefOptimizer(1e-2);
  for (let k = 1; k <= 10; ++k) {
    const tensor = core.tensor1d(gradientsAt((golden.cases[0] as (typeof golden.cases)[number]).stream, k));
    optimizer.applyGradients([{ name: variable.name, tensor }]);
    tensor.dispose();
  }
  return [...bitsOf(await variable.data<"float32">())];
}

/** What is thrown, or null. */
async function errorOf(act: () => unknown): Promise<{ code: string; message: string } | null> {
  try {
    await act();
    return null;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

Object.assign(globalThis, {
  adabelief: { errorOf, info, passSafetensors, ready, replayAll, saveAndLoad, trained, trainTensors },
});
