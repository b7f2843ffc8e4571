import type { serialization, Tensor, Variable } from "@tensorflow/tfjs-core";
import { bufferOf, describe, lengthOf, plainError, typeError } from "../errors";
import { requireUnleased } from "../arrays/placement";
import { hostZeros } from "../arrays/memory";
import { update, type UpdateArrays } from "../step/update";
import { tf } from "./core";
import { readGradients, type Gradients } from "./gradients";
import { currentMemory, type Memory } from "./memory";
import { readLearningRate, readSettings, ruleOptions, type AdaBeliefOptimizerOptions, type Settings } from "./options";
import { readSaved, Slots, type NamedTensor, type Slot } from "./slots";

/** A variable that a step updates. */
interface Update {
  readonly variable: Variable;
  readonly gradient: Tensor;
  readonly slot: Slot;
  readonly decays: boolean;
}

const overlap = (a: Float32Array, b: Float32Array): boolean =>
  bufferOf(a) === bufferOf(b) && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;

/**
 * AdaBelief for TensorFlow.js 4, with the rule of the releases of adabelief-tf, and the bits of `AdaBelief` with their `version`:
 *
 *     m ← β1·m + (1−β1)·g
 *     v ← β2·v + (1−β2)·(g−m)² + ε
 *     p ← p − lr · ( rt · m/(1−β1^t) / (√(v/(1−β2^t)) + ε) + weightDecay·p )
 *
 * rt is the rectification of RAdam, or 1; docs/tfjs.md has the rest. One native pass over a variable, its gradient and its state makes
 * the new values, in memory of their own: a tensor is never changed, so that clones and what `dataSync` handed out stay as they were.
 * Works on the backends cpu and wasm, where it reads and writes tensors' own memory, and on webgl and tfjs-node, which copy them.
 *
 * Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan: AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
 * Gradients, NeurIPS 2020.
 *
 * @example
 * model.compile({ optimizer: new AdaBeliefOptimizer(1e-3), loss: "meanSquaredError" });
 */
export class AdaBeliefOptimizer extends tf.Optimizer {
  /** The name that saved models have it under: Python's. */
  static get className(): string {
    return "AdaBeliefOptimizer";
  }

  readonly #settings: Settings;
  readonly #options: ReturnType<typeof ruleOptions>;
  readonly #slots: Slots;
  #learningRate: number;
  #exclude: AdaBeliefOptimizerOptions["excludeFromWeightDecay"];
  /** What getWeights handed out, by name: the same variables each time, so that saving again and again takes no more memory. */
  readonly #shown = new Map<string, Variable>();
  #disposed = false;

  /**
   * @param learningRate ≥ 0; default 1e-3
   * @param options `version`: whose rule and defaults to follow, and that release's options
   * @throws with a `code`: an option that cannot be, or that the release does not have
   */
  constructor(learningRate = 1e-3, options: AdaBeliefOptimizerOptions = {}) {
    super();
    this.#learningRate = readLearningRate(learningRate);
    const { settings, exclude } = readSettings(options);
    this.#settings = settings;
    this.#options = ruleOptions(settings);
    this.#slots = new Slots(settings.amsgrad ? 3 : 2);
    this.excludeFromWeightDecay = exclude as AdaBeliefOptimizerOptions["excludeFromWeightDecay"];
  }

  /** The learning rate, ≥ 0. May be set between steps, as in a callback; with totalSteps it is what the warm-up rises to. */
  get learningRate(): number {
    return this.#learningRate;
  }
  set learningRate(value: number) {
    this.#learningRate = readLearningRate(value);
  }

  /** Whether the variable of a name is left out of weight decay. A function is not saved with a model: set it again after loading. */
  get excludeFromWeightDecay(): AdaBeliefOptimizerOptions["excludeFromWeightDecay"] {
    return this.#exclude;
  }
  set excludeFromWeightDecay(value) {
    if (value !== undefined && typeof value !== "function") {
      throw typeError("ERR_INVALID_OPTION", `excludeFromWeightDecay must be a function of a name, got ${describe(value)}`);
    }
    this.#exclude = value;
  }

  /**
   * One update of every variable that has a gradient. `minimize` and `model.fit` call it.
   *
   * Everything is checked before the first value is written: where it throws, variables and state are as they were.
   *
   * @param gradients tensors by the names of their variables, or a list of `{ name, tensor }`; null leaves a variable as it is
   * @throws with a `code`: no such variable; a gradient of another shape or type; a backend other than cpu, wasm, webgl and tfjs-node
   */
  override applyGradients(gradients: Gradients): void {
    this.#requireUndisposed();
    const read = readGradients(gradients);
    const slots = this.#slots.of(read.map(({ variable }) => variable));
    const updates = read.flatMap(({ variable, gradient }, i): Update[] => {
      if (gradient === null) return [];
      return [{ variable, gradient, slot: slots[i] as Slot, decays: this.#decays(variable.name) }];
    });
    if (updates.length === 0) return;
    const memory = currentMemory();
    tf.tidy(() => {
      // All that may make a tensor comes before the first look at memory, which could move.
      for (const { variable, gradient } of updates) [variable, gradient].forEach((tensor) => memory.admit(tensor));
      const rooms = updates.map(({ variable }) => memory.room(variable.shape));
      const requests = updates.map((one, i) => this.#request(one, memory, (rooms[i] as (typeof rooms)[number]).values()));
      requests.forEach(update);
      rooms.map((room) => room.tensor()).forEach((tensor, i) => updates[i]?.variable.assign(tensor));
    });
    this.#slots.keep(slots);
    this.incrementIterations();
  }

  #decays(name: string): boolean {
    if (this.#exclude === undefined || !this.#settings.weightDecay) return true;
    const excluded: unknown = this.#exclude(name);
    if (typeof excluded === "boolean") return !excluded;
    throw typeError("ERR_INVALID_OPTION", `excludeFromWeightDecay must return true or false, got ${describe(excluded)}`);
  }

  /** What `update` is asked for. State that a slot lacks is made here. */
  #request({ variable, gradient, slot, decays }: Update, memory: Memory, out: Float32Array) {
    const values = usable(memory.values(variable), variable, "values");
    const grad = usable(memory.values(gradient), variable, "gradient");
    const { amsgrad } = this.#settings;
    if (slot.arrays.length === 0) slot.arrays = Array.from({ length: amsgrad ? 3 : 2 }, () => hostZeros(variable.size, out));
    const [exp_avg, exp_avg_var, max_exp_avg_var] = slot.arrays as [Float32Array, Float32Array, Float32Array?];
    // A gradient may be its variable's own memory: a clone on the cpu backend.
    const shared = overlap(values, grad);
    if (shared) out.set(values);
    const arrays: UpdateArrays = { data: shared ? out : values, out, grad, exp_avg, exp_avg_var, step: this.iterations + 1 };
    if (max_exp_avg_var !== undefined) arrays.max_exp_avg_var = max_exp_avg_var;
    return { ...this.#options, ...(decays ? {} : { weight_decay: 0 }), lr: this.#learningRate, ...arrays };
  }

  /**
   * The state: the number of steps as `iter`, then `<variable>/m` of all variables, `<variable>/v`, and with amsgrad `<variable>/vhat`.
   * The tensors belong to the optimizer: the next call puts new values into them, `dispose` disposes of them.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.#requireUndisposed();
    const iter = { name: "iter", tensor: this.#show("iter", () => tf.scalar(this.iterations, "int32")) };
    const state = this.#slots.save().map(({ name, shape, values }) => {
      return { name, tensor: this.#show(name, () => tf.tensor(new Float32Array(values), [...shape], "float32")) };
    });
    return Promise.resolve([iter, ...state]);
  }

  /** Puts values into the variable that is shown under a name, which is made where there is none that fits. */
  #show(name: string, make: () => Tensor): Variable {
    const fresh = tf.tidy(make);
    const known = this.#shown.get(name);
    try {
      if (known !== undefined && !known.isDisposed && tf.util.arraysEqual(known.shape, fresh.shape)) {
        known.assign(fresh);
        return known;
      }
      known?.dispose();
      const variable = tf.variable(fresh, false);
      this.#shown.set(name, variable);
      return variable;
    } finally {
      fresh.dispose();
    }
  }

  /**
   * Takes over state that `getWeights` returned, here or before a model was saved. The variables that the next step updates claim it: by
   * name where all names agree, else in order.
   *
   * @throws never: the promise is rejected with ERR_STATE_DICT where it is not this optimizer's, and nothing is changed
   */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    this.#requireUndisposed();
    const given: unknown = weights;
    if (!Array.isArray(given))
      throw typeError("ERR_STATE_DICT", `Weights must be a list of { name, tensor }, got ${describe(given)}`);
    const [first, ...rest] = weights;
    const steps = first?.name === "iter" ? (await first.tensor.data())[0] : undefined;
    if (steps === undefined || !Number.isSafeInteger(steps) || steps < 0) {
      throw typeError(
        "ERR_STATE_DICT",
        `The first of the weights must be "iter", the number of steps, got ${describe(first?.name)}`,
      );
    }
    const saved = await readSaved(rest);
    this.#requireUndisposed();
    this.#slots.load(saved);
    this.iterations_ = steps;
  }

  /** The options, as JSON keeps them. Of `excludeFromWeightDecay` only that there was one. */
  override getConfig(): serialization.ConfigDict {
    const excludes = this.#exclude === undefined ? {} : { excludeFromWeightDecay: true };
    return { learningRate: this.#learningRate, ...this.#settings, ...excludes };
  }

  /** An optimizer with the options of `getConfig`. One that had `excludeFromWeightDecay` makes no step until it is set again. */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const { learningRate, customObjects: _handedOnByTfjs, excludeFromWeightDecay, ...options } = config;
    const exclude = excludeFromWeightDecay === undefined ? {} : { excludeFromWeightDecay: forgotten };
    return new cls(learningRate, { ...options, ...exclude });
  }

  /** Lets go of the state. Every later step is an error. */
  override dispose(): void {
    this.#disposed = true;
    this.#slots.clear();
    for (const variable of this.#shown.values()) variable.dispose();
    this.#shown.clear();
  }

  #requireUndisposed(): void {
    if (this.#disposed) throw plainError("ERR_DISPOSED", "This AdaBeliefOptimizer was disposed");
  }
}

/** Refuses memory that was taken away, or that a step under way on another thread is using. */
function usable(array: Float32Array, { name, size }: Variable, what: string): Float32Array {
  const label = `The ${what} of variable ${JSON.stringify(name)}`;
  if (lengthOf(array) !== size) throw typeError("ERR_DETACHED", `${label} lost its memory`);
  requireUnleased(array, label);
  return array;
}

/** Stands for a function that was there when the optimizer was saved. */
function forgotten(): never {
  const advice = "set optimizer.excludeFromWeightDecay again (undefined: everything decays)";
  throw plainError(
    "ERR_INVALID_OPTION",
    `This optimizer was saved with excludeFromWeightDecay, a function, which no file keeps: ${advice}`,
  );
}

tf.serialization.registerClass(AdaBeliefOptimizer);
