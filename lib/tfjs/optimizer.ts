import type { serialization, Tensor, Variable } from "@tensorflow/tfjs-core";
import { describe, plainError, typeError } from "../errors";
import { rules } from "../optimizers/adabelief-rules";
import type { AdaBeliefLiveOptions } from "../optimizers/adabelief-options";
import { readSchema } from "../options/schema";
import { tf } from "./core";
import { readGradients, type Gradients } from "./gradients";
import { makeGroup, type AdaBeliefGroup } from "./group";
import { currentMemory } from "./memory";
import { readBeta, readLearningRate, readSettings, ruleOptions, type AdaBeliefOptimizerOptions, type Settings } from "./options";
import { iterOf, readWeights, requireOwn, type NamedTensor } from "./saved";
import { Slots } from "./slots";
import { VariablesStep, type Update } from "./step";

/**
 * AdaBelief for TensorFlow.js 3 and 4, with the rule of the releases of adabelief-tf, and the bits of `AdaBelief` with their `version`:
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

  /**
   * One group, for the schedules of this package: `new StepLR(optimizer, { step_size: 10 })`. Its `lr` is the learning rate, its `betas`
   * are beta1 and beta2.
   */
  readonly paramGroups: readonly AdaBeliefGroup[];

  #settings: Settings;
  readonly #maxGradNorm: number | undefined;
  readonly #slots: Slots;
  readonly #step: VariablesStep<AdaBeliefLiveOptions>;
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
    const { settings, exclude, maxGradNorm } = readSettings(options);
    this.#settings = settings;
    this.#maxGradNorm = maxGradNorm;
    const states = settings.amsgrad ? 3 : 2;
    this.#slots = new Slots(states);
    this.#step = new VariablesStep(rules[`tf-${settings.version}`], states);
    this.paramGroups = Object.freeze([
      makeGroup(
        this,
        () => this.#betas,
        (betas) => (this.#betas = betas),
      ),
    ]);
    this.excludeFromWeightDecay = exclude as AdaBeliefOptimizerOptions["excludeFromWeightDecay"];
  }

  /** The learning rate, ≥ 0. May be set between steps, as in a callback; with totalSteps it is what the warm-up rises to. */
  get learningRate(): number {
    return this.#learningRate;
  }
  set learningRate(value: number) {
    this.#learningRate = readLearningRate(value);
  }

  get #betas(): readonly [number, number] {
    return [this.#settings.beta1, this.#settings.beta2];
  }
  set #betas([beta1, beta2]) {
    this.#settings = { ...this.#settings, beta1: readBeta(beta1, "betas[0]"), beta2: readBeta(beta2, "betas[1]") };
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
    const updates: Update[] = [];
    for (let i = 0; i < read.length; ++i) {
      const { variable, gradient } = read[i] as (typeof read)[number];
      const slot = slots[i] as (typeof slots)[number];
      if (gradient !== null) updates.push({ variable, gradient, slot, decays: this.#decays(variable.name) });
    }
    if (updates.length === 0) return;
    const memory = currentMemory();
    tf.tidy(() => {
      // All that may make a tensor comes before the first look at memory, which could move.
      for (const { variable, gradient } of updates) {
        memory.admit(variable);
        memory.admit(gradient);
      }
      const rooms = updates.map(({ variable }) => memory.room(variable.shape, variable.size));
      const values = { options: this.#optionsNow(), t: this.iterations + 1, maxGradNorm: this.#maxGradNorm };
      this.#step.run(updates, memory, () => rooms.map((room) => room.values()), values);
      const tensors = rooms.map((room) => room.tensor());
      for (let i = 0; i < updates.length; ++i) (updates[i] as Update).variable.assign(tensors[i] as Tensor);
    });
    this.#slots.keep(slots);
    this.incrementIterations();
  }

  /** The rule's options for this step: of variables that decay, and of the others. */
  #optionsNow(): [AdaBeliefLiveOptions, AdaBeliefLiveOptions] {
    const rule = rules[`tf-${this.#settings.version}`];
    const given = { ...ruleOptions(this.#settings), lr: this.#learningRate };
    const options = readSchema(rule.options, given, rule.defaults);
    return [options, "weight_decay" in options ? { ...options, weight_decay: 0 } : options];
  }

  #decays(name: string): boolean {
    if (this.#exclude === undefined || !this.#settings.weightDecay) return true;
    const excluded: unknown = this.#exclude(name);
    if (typeof excluded === "boolean") return !excluded;
    throw typeError("ERR_INVALID_OPTION", `excludeFromWeightDecay must return true or false, got ${describe(excluded)}`);
  }

  /**
   * The state: the number of steps as `iter`, a vector of one, then `<variable>/m` of all variables, `<variable>/v`, and with amsgrad `<variable>/vhat`.
   * The tensors belong to the optimizer: the next call puts new values into them, `dispose` disposes of them.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.#requireUndisposed();
    const saved = this.#slots.save();
    this.#hideAllBut(new Set(saved.map(({ name }) => name)));
    const iter = { name: "iter", tensor: this.#show("iter", () => iterOf(this.iterations)) };
    const state = saved.map(({ name, shape, values }) => {
      return { name, tensor: this.#show(name, () => tf.tensor(new Float32Array(values), [...shape], "float32")) };
    });
    return Promise.resolve([iter, ...state]);
  }

  /** Lets go of what was shown of variables that are gone. */
  #hideAllBut(names: ReadonlySet<string>): void {
    for (const [name, variable] of this.#shown) {
      if (name === "iter" || names.has(name)) continue;
      variable.dispose();
      this.#shown.delete(name);
    }
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
    const { steps, state } = await readWeights(weights);
    this.#requireUndisposed();
    this.#slots.load(state, () => requireOwn(weights));
    this.iterations_ = steps;
  }

  /** The options, as JSON keeps them. Of `excludeFromWeightDecay` only that there was one. */
  override getConfig(): serialization.ConfigDict {
    const excludes = this.#exclude === undefined ? {} : { excludeFromWeightDecay: true };
    const clips = this.#maxGradNorm === undefined ? {} : { maxGradNorm: this.#maxGradNorm };
    return { learningRate: this.#learningRate, ...this.#settings, ...clips, ...excludes };
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

/** Stands for a function that was there when the optimizer was saved. */
function forgotten(): never {
  const advice = "set optimizer.excludeFromWeightDecay again (undefined: everything decays)";
  throw plainError(
    "ERR_INVALID_OPTION",
    `This optimizer was saved with excludeFromWeightDecay, a function, which no file keeps: ${advice}`,
  );
}

tf.serialization.registerClass(AdaBeliefOptimizer);
