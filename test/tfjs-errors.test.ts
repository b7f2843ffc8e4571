// The TensorFlow.js optimizer refuses invalid input with an error and a code. Nothing changes.
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";
import { expectSameBits } from "./helpers/bits";
import { applyGradients, floats, onBothBackends, tf, valuesOf, variable } from "./helpers/tfjs";

const coded = (code: string, message: RegExp | string) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe("the constructor refuses", () => {
  it.each<[string, unknown[], string, RegExp]>([
    ["a negative learning rate", [-1], "ERR_INVALID_OPTION", /^Invalid learning rate: -1$/],
    ["a learning rate that is NaN", [NaN], "ERR_INVALID_OPTION", /^Invalid learning rate: NaN$/],
    ["a string", ["0.1"], "ERR_INVALID_OPTION", /^learningRate must be a number, got "0.1"$/],
    ["options in the first place", [{ learningRate: 1 }], "ERR_INVALID_OPTION", /first argument .* is the learning rate/],
    ["options that are none", [1, 0.9], "ERR_INVALID_OPTION", /^The options of AdaBeliefOptimizer must be an object, got 0.9$/],
    ["beta1 = 1", [1, { beta1: 1 }], "ERR_INVALID_OPTION", /^beta1 must be a number in \[0, 1\), got 1$/],
    ["beta2 < 0", [1, { beta2: -0.1 }], "ERR_INVALID_OPTION", /^beta2 must be/],
    ["beta1 = null", [1, { beta1: null }], "ERR_INVALID_OPTION", /^beta1 must be a number, got null$/],
    ["a negative epsilon", [1, { epsilon: -1 }], "ERR_INVALID_OPTION", /^Invalid epsilon value: -1$/],
    ["a negative weight decay", [1, { weightDecay: -1 }], "ERR_INVALID_OPTION", /^Invalid weight_decay value: -1$/],
    ["1 for true", [1, { rectify: 1 }], "ERR_INVALID_OPTION", /^rectify must be true or false, got 1$/],
    ["half a step", [1, { totalSteps: 0.5 }], "ERR_INVALID_OPTION", /^totalSteps must be a whole number from 0, got 0.5$/],
    [
      "too large a part",
      [1, { warmupProportion: 2 }],
      "ERR_INVALID_OPTION",
      /^warmupProportion must be a number from 0 to 1, got 2$/,
    ],
    [
      "names instead of a function",
      [1, { excludeFromWeightDecay: ["bias"] }],
      "ERR_INVALID_OPTION",
      /must be a function of a name/,
    ],
    ["a release for PyTorch", [1, { version: "0.0.5" }], "ERR_INVALID_OPTION", /^Invalid version: "0.0.5"; .* 0.0.1, 0.2.1$/],
    ["a version that is a number", [1, { version: 0.2 }], "ERR_INVALID_OPTION", /^version must be a string, got 0.2$/],
    [
      "an option of another release",
      [1, { version: "0.0.1", rectify: true }],
      "ERR_UNKNOWN_OPTION",
      /release 0.0.1 has no option "rectify": it has /,
    ],
  ])("%s", (_, [learningRate, options], code, message) => {
    const make = () => new AdaBeliefOptimizer(learningRate as number, options as AdaBeliefOptimizerOptions);
    expect(make).toThrow(coded(code, message));
  });

  it.each([
    ["eps", "epsilon"],
    ["betas", "beta1"],
    ["beta_2", "beta2"],
    ["weight_decay", "weightDecay"],
    ["wd", "weightDecay"],
    ["total_steps", "totalSteps"],
    ["minLR", "minLr"],
    ["rectified", "rectify"],
    ["sma_threshold", "smaThreshold"],
  ])("an option %s, and names the one that was meant: %s", (key, meant) => {
    const make = () => new AdaBeliefOptimizer(1, { [key]: 1 });
    expect(make).toThrow(coded("ERR_UNKNOWN_OPTION", `has no option "${key}": did you mean "${meant}"\\?$`));
  });
});

onBothBackends(() => {
  describe("a step refuses", () => {
    const optimizer = new AdaBeliefOptimizer(0.1, { weightDecay: 0.1 });
    const tensor = (length: number, dtype: "float32" | "int32" = "float32") => tf.zeros([length], dtype);
    const disposed = () => {
      const gradient = tensor(4);
      gradient.dispose();
      return gradient;
    };

    it.each<[string, () => unknown, string, RegExp]>([
      ["what are no gradients", () => 3, "ERR_INVALID_PARAMETER", /^Gradients must be tensors by name, .* got 3$/],
      ["no gradients at all", () => null, "ERR_INVALID_PARAMETER", /^Gradients must be .* got null$/],
      ["a list of tensors without names", () => [tensor(4)], "ERR_INVALID_PARAMETER", /There is no variable of the name/],
      ["a list with a hole", () => [null], "ERR_INVALID_PARAMETER", /list of \{ name, tensor \}/],
      [
        "a name that no variable has",
        () => ({ z: tensor(4) }),
        "ERR_INVALID_PARAMETER",
        /^There is no variable of the name "z"$/,
      ],
      [
        "a name that every object has",
        () => ({ toString: tensor(4) }),
        "ERR_INVALID_PARAMETER",
        /no variable of the name "toString"$/,
      ],
      [
        "a gradient that is no tensor",
        () => ({ x: new Float32Array(4) }),
        "ERR_INVALID_PARAMETER",
        /"x" must be a tensor, got a Float32Array of 4$/,
      ],
      ["a gradient that is disposed", () => ({ x: disposed() }), "ERR_INVALID_PARAMETER", /"x" is disposed$/],
      ["a gradient of another shape", () => ({ x: tensor(5) }), "ERR_LENGTH", /"x" must have its shape, \[4\], not \[5\]$/],
      [
        "a gradient of integers",
        () => ({ x: tensor(4, "int32") }),
        "ERR_NOT_FLOAT32",
        /"x" must have the dtype float32, not int32$/,
      ],
      [
        "a variable of integers",
        () => ({ n: tensor(4) }),
        "ERR_NOT_FLOAT32",
        /^Variable "n" must have the dtype float32, not int32$/,
      ],
      [
        "two gradients of a variable",
        () => [
          { name: "x", tensor: tensor(4) },
          { name: "x", tensor: tensor(4) },
        ],
        "ERR_DUPLICATE_PARAMETER",
        /two gradients of the variable "x"$/,
      ],
      ["a later gradient that cannot be", () => ({ y: tensor(4), x: tensor(5) }), "ERR_LENGTH", /"x" must have its shape/],
    ])("%s", (_, make, code, message) => {
      const [x, y] = [variable("x", [4], 1), variable("y", [4], 2)];
      tf.tidy(() => void tf.variable(tensor(4, "int32"), true, "n"));
      const { numTensors } = tf.memory();
      tf.tidy(() => expect(() => optimizer.applyGradients(make() as tf.NamedTensorMap)).toThrow(coded(code, message)));
      expect(tf.memory().numTensors).toBe(numTensors);
      expectSameBits(valuesOf(x), floats(1, 4), "x");
      expectSameBits(valuesOf(y), floats(2, 4), "y");
      expect(optimizer.iterations).toBe(0);
    });

    it("an excludeFromWeightDecay that returns no boolean, and passes on its errors", () => {
      const x = variable("x", [4], 1);
      const own = new AdaBeliefOptimizer(0.1, { weightDecay: 0.1, excludeFromWeightDecay: (() => "yes") as never });
      expect(() => applyGradients(own, { x: floats(2, 4) })).toThrow(
        coded("ERR_INVALID_OPTION", /must return true or false, got "yes"/),
      );
      const mine = new Error("mine");
      own.excludeFromWeightDecay = () => {
        throw mine;
      };
      expect(() => applyGradients(own, { x: floats(2, 4) })).toThrow(mine);
      expectSameBits(valuesOf(x), floats(1, 4), "x");
      expect(own.iterations).toBe(0);
    });

    it.each<[string, string, (own: AdaBeliefOptimizer, gradient: tf.Tensor, x: tf.Variable) => void]>([
      ["the gradient", "ERR_INVALID_PARAMETER", (_, gradient) => gradient.dispose()],
      ["the variable", "ERR_INVALID_PARAMETER", (_, __, x) => x.dispose()],
      ["the optimizer", "ERR_DISPOSED", (own) => own.dispose()],
    ])("to go on where excludeFromWeightDecay disposes of %s", (_, code, act) => {
      const [x, gradient] = [variable("x", [4], 1), tf.tensor1d(floats(2, 4))];
      const own = new AdaBeliefOptimizer(0.1, { weightDecay: 0.1 });
      own.excludeFromWeightDecay = () => {
        act(own, gradient, x);
        return false;
      };
      expect(() => own.applyGradients({ x: gradient })).toThrow(coded(code, /./));
      expect(own.iterations).toBe(0);
      gradient.dispose();
    });

    it("no step that excludeFromWeightDecay makes in between", async () => {
      variable("x", [4], 1);
      const [own, other] = [new AdaBeliefOptimizer(0.1, { weightDecay: 0.1 }), new AdaBeliefOptimizer(0.1, { weightDecay: 0.1 })];
      let steps = 0;
      own.excludeFromWeightDecay = () => {
        if (steps++ === 0) applyGradients(own, { x: floats(2, 4) });
        return false;
      };
      applyGradients(own, { x: floats(3, 4) });
      for (const seed of [2, 3]) applyGradients(other, { x: floats(seed, 4) });
      const [ours, theirs] = [await own.getWeights(), await other.getWeights()];
      ours.forEach(({ name, tensor }, k) => expectSameBits(valuesOf(tensor), valuesOf(theirs[k]?.tensor as tf.Tensor), name));
    });

    it("anything after dispose", async () => {
      variable("x", [4], 1);
      const own = new AdaBeliefOptimizer();
      own.dispose();
      expect(() => applyGradients(own, { x: floats(2, 4) })).toThrow(coded("ERR_DISPOSED", /was disposed$/));
      await expect(own.getWeights()).rejects.toEqual(coded("ERR_DISPOSED", /was disposed$/));
      await expect(own.setWeights([])).rejects.toEqual(coded("ERR_DISPOSED", /was disposed$/));
    });
  });

  it("refuses a learning rate that cannot be, and keeps the one it has", () => {
    const optimizer = new AdaBeliefOptimizer(0.1);
    expect(() => (optimizer.learningRate = -1)).toThrow(coded("ERR_INVALID_OPTION", /^Invalid learning rate: -1$/));
    expect(() => (optimizer.learningRate = "1" as never)).toThrow(coded("ERR_INVALID_OPTION", /^learningRate must be a number/));
    expect(optimizer.learningRate).toBe(0.1);
  });

  describe("setWeights refuses", () => {
    type Weights = { name: string; tensor: tf.Tensor }[];
    const iter = () => ({ name: "iter", tensor: tf.scalar(3, "int32") });
    const named = (name: string, shape = [4], dtype: "float32" | "int32" = "float32") => ({
      name,
      tensor: tf.zeros(shape, dtype),
    });

    it.each<[string, () => Weights, RegExp]>([
      ["what is no list", () => undefined as never, /^Weights must be a list of \{ name, tensor \}, got undefined$/],
      ["nothing", () => [], /^The first of the weights must be "iter", the number of steps, got undefined$/],
      ["weights without a count", () => [named("x/m"), named("x/v")], /^The first of the weights must be "iter", .* got "x\/m"/],
      ["a count below 0", () => [{ name: "iter", tensor: tf.scalar(-1, "int32") }], /must be "iter"/],
      [
        "the state of another optimizer",
        () => [iter(), named("x/momentum")],
        /their names end in "…\/m", "…\/v", not "x\/momentum"$/,
      ],
      ["amsgrad's state without amsgrad", () => [iter(), named("x/m"), named("x/v"), named("x/vhat")], /not "x\/vhat"$/],
      [
        "what is no tensor",
        () => [iter(), { name: "x/m", tensor: new Float32Array(4) as never }],
        /must be a tensor, got a Float32Array of 4$/,
      ],
      ["null among them", () => [iter(), null as never], /^Weights must be \{ name, tensor \}, got null$/],
      ["a name that is no text", () => [iter(), { ...named("x/m"), name: 5 as never }], /^Weights must be \{ name, tensor \}/],
      ["two counts", () => [{ name: "iter", tensor: tf.tensor1d([3, 4], "int32") }], /must be "iter"/],
      ["half of the state", () => [iter(), named("x/m")], /^These weights have no "x\/v"$/],
      ["the other half", () => [iter(), named("x/v")], /"x\/v" is missing its like/],
      ["one array twice", () => [iter(), named("x/m"), named("x/m")], /"x\/m" is missing its like/],
      ["shapes that differ", () => [iter(), named("x/m"), named("x/v", [2, 2])], /or has another shape$/],
      ["integers", () => [iter(), named("x/m", [4], "int32"), named("x/v")], /^"x\/m" must have the dtype float32, not int32$/],
    ])("%s", async (_, make, message) => {
      variable("x", [4], 1);
      const optimizer = new AdaBeliefOptimizer();
      applyGradients(optimizer, { x: floats(2, 4) });
      const before = (await optimizer.getWeights()).map(({ tensor }) => valuesOf(tensor));
      const weights = make();
      await expect(optimizer.setWeights(weights)).rejects.toEqual(coded("ERR_STATE_DICT", message));
      const after = (await optimizer.getWeights()).map(({ tensor }) => valuesOf(tensor));
      expect(after).toEqual(before);
      tf.dispose((weights ?? []).map((one) => (one as Weights[0] | null)?.tensor as tf.Tensor));
    });

    it.each<[string, Record<string, number[]>, RegExp]>([
      ["another number of variables", { a: [4], b: [4], c: [4] }, /there are 1 \(x\) in it, and 3 \(a, b, c\) to update$/],
      ["another shape", { other: [2, 2] }, /x of \[4\] does not fit other of \[2, 2\]$/],
    ])("at the next step, state for %s", async (_, shapes, message) => {
      variable("x", [4], 1);
      const saved = new AdaBeliefOptimizer();
      applyGradients(saved, { x: floats(2, 4) });
      const optimizer = new AdaBeliefOptimizer();
      await optimizer.setWeights(await saved.getWeights());
      const made = Object.entries(shapes).map(([name, shape]) => variable(name, shape, 3));
      const gradients = Object.fromEntries(made.map(({ name, size }) => [name, floats(4, size)]));
      expect(() => applyGradients(optimizer, gradients)).toThrow(coded("ERR_STATE_DICT", message));
      made.forEach((one) => expectSameBits(valuesOf(one), floats(3, one.size), one.name));
      applyGradients(optimizer, { x: floats(2, 4) }); // and its own variable is still welcome
      expect(optimizer.iterations).toBe(2);
    });
  });
});

it("a backend other than cpu, wasm and tfjs-node's is refused by name", async () => {
  const factory = tf.findBackendFactory("cpu");
  tf.copyRegisteredKernels("cpu", "webgpu");
  tf.registerBackend("webgpu", factory);
  await tf.setBackend("webgpu");
  variable("x", [4], 1);
  const step = () => applyGradients(new AdaBeliefOptimizer(), { x: floats(2, 4) });
  expect(step).toThrow(coded("ERR_BACKEND", /"cpu", "wasm", "webgl" and "tensorflow" \(tfjs-node\); the one in use is "webgpu"/));
});
