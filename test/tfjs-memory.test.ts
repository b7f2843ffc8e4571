// A step in TensorFlow.js leaks nothing, and changes nothing but the variables that it is given: no clone, no array handed out.
import { AdaBelief, parameter } from "../lib";
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

interface WasmBackend {
  wasm: { HEAPU8: Uint8Array; _malloc(bytes: number): number };
}

/** What tfjs holds: tensors, buffers, bytes, and entries in the backend. */
function held() {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes, entries: tf.backend().numDataIds() };
}

/** The values that one step of the plain class makes of some. */
function stepped(values: Float32Array, grad: Float32Array): Float32Array {
  const data = values.slice();
  new AdaBelief([parameter(data, { grad })], { version: "tf-0.2.1", lr: 0.1 }).step();
  return data;
}

onBothBackends((backend) => {
  it("is flat over 1000 steps, and all of it is free after dispose", async () => {
    const before = held();
    const x = variable("x", [30, 4], 1);
    const optimizer = new AdaBeliefOptimizer(0.01, { amsgrad: true, weightDecay: 0.1 });
    const cost = () => tf.sum<tf.Scalar>(tf.square(tf.sub(x, 1)));
    optimizer.minimize(cost);
    await optimizer.getWeights();
    const early = held();
    for (let step = 0; step < 1000; ++step) {
      optimizer.minimize(cost);
      if (step % 100 === 0) await optimizer.getWeights();
    }
    expect(held()).toEqual(early);
    optimizer.dispose();
    optimizer.dispose();
    x.dispose();
    expect(held()).toEqual(before);
  });

  it("may be inside of tidy, which frees nothing that is needed later", () => {
    const x = variable("x", [8], 1);
    const optimizer = new AdaBeliefOptimizer(0.1);
    const tensors = tf.memory().numTensors;
    for (let step = 0; step < 3; ++step)
      tf.tidy(() => {
        applyGradients(optimizer, { x: floats(step, 8) });
      });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(valuesOf(x).every(Number.isFinite)).toBe(true);
  });

  it("leaves alone clones, reshaped tensors, arrays that were read, and variables that began with the same tensor", () => {
    const start = tf.tensor1d(floats(1, 6));
    const [x, twin] = [tf.variable(start, true, "x"), tf.variable(start, true, "twin")];
    const before = valuesOf(x);
    const [clone, matrix, array] = [x.clone(), tf.reshape(x, [2, 3]), x.dataSync()];
    const optimizer = new AdaBeliefOptimizer(0.1);
    const grad = floats(2, 6);
    applyGradients(optimizer, { x: grad });
    expectSameBits(valuesOf(x), stepped(before, grad), "the variable");
    for (const [what, tensor] of Object.entries({ start, twin, clone, matrix })) expectSameBits(valuesOf(tensor), before, what);
    expectSameBits(new Float32Array(array), before, "the array");
    tf.dispose([start, clone, matrix]);
  });

  it("takes variables and gradients that are one piece of memory", () => {
    const start = tf.tensor1d(floats(1, 6));
    const [x, twin] = [tf.variable(start, true, "x"), tf.variable(start, true, "twin")];
    const before = valuesOf(x);
    const optimizer = new AdaBeliefOptimizer(0.1);
    optimizer.applyGradients({ x, twin: start });
    expectSameBits(valuesOf(x), stepped(before, before), "its own gradient");
    expectSameBits(valuesOf(twin), stepped(before, before), "another's memory as its gradient");
    expectSameBits(valuesOf(start), before, "the tensor that both began with");
    start.dispose();
  });

  it("leaves alone the caller's own array", () => {
    const mine = floats(3, 5);
    const x = tf.tidy(() => tf.variable(tf.tensor1d(mine), true, "x"));
    applyGradients(new AdaBeliefOptimizer(0.1), { x: floats(4, 5) });
    expectSameBits(mine, floats(3, 5), "the array");
    expect(valuesOf(x)).not.toEqual(mine);
  });

  it("makes convolutions and products see the new values", async () => {
    const filter = variable("filter", [3, 3, 2, 4], 1) as unknown as tf.Tensor4D;
    const matrix = variable("matrix", [6, 5], 2);
    const [image, rows] = [tf.tensor4d(floats(3, 72), [1, 6, 6, 2]), tf.tensor2d(floats(4, 18), [3, 6])];
    const optimizer = new AdaBeliefOptimizer(0.5);
    const outputs = () => tf.tidy(() => [valuesOf(tf.conv2d(image, filter, 1, "valid")), valuesOf(tf.matMul(rows, matrix))]);
    let last = outputs();
    for (let step = 1; step <= 5; ++step) {
      applyGradients(optimizer, { filter: floats(10 + step, 72), matrix: floats(20 + step, 30) });
      const now = outputs();
      now.forEach((values, k) => expect(values).not.toEqual(last[k]));
      last = now;
    }
    // The cpu backend caches nothing, so its answer is the right one; sums of up to 18 products, in another order, differ by less than 1e-5.
    await tf.setBackend("cpu");
    outputs().forEach((right, k) => {
      right.forEach((value, i) => expect(Math.abs(value - (last[k]?.[i] as number))).toBeLessThan(1e-5));
    });
    tf.dispose([image, rows]);
  });

  it("goes on, with the same bits, on another backend", async () => {
    const x = variable("x", [9], 1);
    const reference = parameter(floats(1, 9));
    const plain = new AdaBelief([reference], { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1);
    for (let step = 1; step <= 12; ++step) {
      await tf.setBackend(step % 4 < 2 ? backend : backend === "cpu" ? "wasm" : "cpu");
      reference.grad = floats(step, 9);
      plain.step();
      applyGradients(optimizer, { x: reference.grad });
    }
    expectSameBits(valuesOf(x), reference.data, "after 12 steps");
  });
});

describe("on the backend wasm", () => {
  beforeEach(() => tf.setBackend("wasm"));
  afterEach(() => tf.disposeVariables());
  const wasm = () => (tf.backend() as unknown as WasmBackend).wasm;

  it("survives memory that grows in the middle of a step", () => {
    const names = ["a", "b", "c", "d"];
    const length = 1_500_000;
    names.forEach((name, k) => variable(name, [length], k));
    const references = names.map((_, k) => parameter(floats(k, length)));
    const plain = new AdaBelief(references, { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1);
    const ballast: tf.Tensor[] = [];
    const gradients = Object.fromEntries(names.map((name, k) => [name, floats(50 + k, length)]));
    references.forEach((one, k) => (one.grad = gradients[names[k] as string] as Float32Array));
    let grown = 0;
    const tensors = Object.fromEntries(names.map((name) => [name, tf.tensor1d(gradients[name] as Float32Array)]));
    for (let step = 0; step < 200 && grown === 0; ++step) {
      const { buffer } = wasm().HEAPU8;
      optimizer.applyGradients(tensors);
      plain.step();
      if (wasm().HEAPU8.buffer !== buffer) grown += 1;
      ballast.push(tf.zeros([200_000])); // so that before long there is no room for four more arrays
    }
    expect(grown).toBe(1);
    names.forEach((name, k) => {
      const values = valuesOf(tf.engine().registeredVariables[name] as tf.Variable);
      expectSameBits(values, references[k]?.data as Float32Array, name);
    });
    tf.dispose([ballast, Object.values(tensors)]);
  }, 60_000);

  it("refuses a step for which WebAssembly has no memory, and leaves everything as it was", () => {
    const [x, y] = [variable("x", [4], 1), variable("y", [4], 2)];
    const optimizer = new AdaBeliefOptimizer(0.1);
    const gradient = tf.tensor1d(floats(3, 4));
    const before = held();
    const _malloc = wasm()._malloc.bind(wasm());
    let calls = 0;
    wasm()._malloc = (bytes) => (++calls > 1 ? 0 : _malloc(bytes));
    try {
      expect(() => optimizer.applyGradients({ x: gradient, y: gradient })).toThrow(
        expect.objectContaining({ code: "ERR_OUT_OF_MEMORY" }) as Error,
      );
    } finally {
      wasm()._malloc = _malloc;
    }
    expect(held()).toEqual(before);
    expect(optimizer.iterations).toBe(0);
    expectSameBits(valuesOf(x), floats(1, 4), "x");
    expectSameBits(valuesOf(y), floats(2, 4), "y");
    gradient.dispose();
  });
});

describe("on a mock of tfjs-node's backend, which returns copies, it", () => {
  beforeAll(() => {
    tf.copyRegisteredKernels("cpu", "tensorflow");
    const factory = tf.findBackendFactory("cpu");
    tf.registerBackend("tensorflow", () => {
      const backend = factory() as tf.KernelBackend;
      const readSync = backend.readSync.bind(backend);
      backend.readSync = (dataId) => (readSync(dataId) as Float32Array).slice();
      return backend;
    });
  });
  beforeEach(() => tf.setBackend("tensorflow"));
  afterEach(() => tf.disposeVariables());

  it("copies in and out, with the same bits, and flat memory", () => {
    const x = variable("x", [9], 1);
    const reference = parameter(floats(1, 9));
    const plain = new AdaBelief([reference], { version: "tf-0.2.1", lr: 0.1 });
    const optimizer = new AdaBeliefOptimizer(0.1);
    const tensors = tf.memory().numTensors;
    for (let step = 1; step <= 12; ++step) {
      reference.grad = floats(step, 9);
      plain.step();
      applyGradients(optimizer, { x: reference.grad });
    }
    expectSameBits(valuesOf(x), reference.data, "after 12 steps");
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
