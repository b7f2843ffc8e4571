import type { serialization } from "@tensorflow/tfjs-core";
import { describe, plainError, typeError } from "../errors";
import type { AdaBeliefLiveOptions } from "../optimizers/adabelief-options";
import { rules } from "../optimizers/adabelief-rules";
import { tf } from "./core";
import { readGradients, type Gradients } from "./gradients";
import { OptionGroup, type AdaBeliefGroup } from "./group";
import { currentMemory, type Room } from "./memory";
import { refusingOptionNames } from "./option-names";
import {
  readConfig,
  readExclude,
  readGiven,
  readLearningRate,
  readMaxGradNorm,
  writeConfig,
  type AdaBeliefOptimizerOptions,
  type AdaBeliefTfVersion,
} from "./options";
import { readWeights, requireOwn, type NamedTensor } from "./saved";
import { defineInspect } from "./show";
import { ShownState } from "./shown";
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

  static {
    const { prototype } = this;
    Object.setPrototypeOf(prototype, refusingOptionNames(Object.getPrototypeOf(prototype) as object));
    defineInspect(prototype, this.className, (optimizer) => (#slots in optimizer ? optimizer.#shown() : undefined));
  }

  readonly #version: AdaBeliefTfVersion;
  readonly #group: OptionGroup;
  readonly #groups: readonly AdaBeliefGroup[];
  readonly #slots: Slots;
  readonly #step: VariablesStep<AdaBeliefLiveOptions>;
  readonly #weights = new ShownState();
  #maxGradNorm: number | undefined;
  #exclude: AdaBeliefOptimizerOptions["excludeFromWeightDecay"];
  #disposed = false;

  /**
   * @param learningRate ≥ 0; default 1e-3
   * @param options `version`: whose rule and defaults to follow, and that release's options
   * @throws with a `code`: an option that cannot be, or that the release does not have
   */
  constructor(learningRate = 1e-3, options: AdaBeliefOptimizerOptions = {}) {
    super();
    const { version, values, exclude, maxGradNorm } = readGiven(learningRate, options);
    const states = values.amsgrad ? 3 : 2;
    this.#version = version;
    this.#group = new OptionGroup(version, values);
    this.#groups = Object.freeze([this.#group.live]);
    this.#slots = new Slots(states);
    this.#step = new VariablesStep(rules[`tf-${version}`], states);
    this.#maxGradNorm = maxGradNorm;
    this.#exclude = exclude;
  }

  /**
   * One group, with the options in PyTorch's names: `optimizer.paramGroups[0].weight_decay = 0`. The next step uses what they are then.
   * The schedules of this package drive it: `new StepLR(optimizer, { step_size: 10 })`.
   */
  get paramGroups(): readonly AdaBeliefGroup[] {
    return this.#groups;
  }

  /** The learning rate, ≥ 0. May be set between steps, as in a callback; with totalSteps it is what the warm-up rises to. */
  get learningRate(): number {
    return this.#group.live.lr;
  }
  set learningRate(value: number) {
    this.#group.live.lr = readLearningRate(value);
  }

  /** The same under PyTorch's name, as the other optimizers of this package have it. */
  get lr(): number {
    return this.learningRate;
  }
  set lr(value: number) {
    this.learningRate = value;
  }

  /** The norm that the gradients of a step are clipped to together; undefined: they are not. */
  get maxGradNorm(): number | undefined {
    return this.#maxGradNorm;
  }
  set maxGradNorm(value: number | undefined) {
    this.#maxGradNorm = readMaxGradNorm(value);
  }

  /** Whether the variable of a name is left out of weight decay. A function is not saved with a model: set it again after loading. */
  get excludeFromWeightDecay(): AdaBeliefOptimizerOptions["excludeFromWeightDecay"] {
    return this.#exclude;
  }
  set excludeFromWeightDecay(value) {
    if (this.#version === "0.0.1" && value !== undefined) {
      throw typeError(
        "ERR_INVALID_OPTION",
        "Release 0.0.1 has no weight decay that excludeFromWeightDecay could leave variables out of",
      );
    }
    this.#exclude = readExclude(value);
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
    const options = this.#group.forStep();
    const excluded = this.#excluded(gradients);
    const read = readGradients(gradients);
    const slots = this.#slots.of(read);
    const updates: Update[] = [];
    for (let i = 0; i < read.length; ++i) {
      const { variable, gradient } = read[i] as (typeof read)[number];
      const slot = slots[i] as (typeof slots)[number];
      if (gradient !== null) updates.push({ variable, gradient, slot, decays: excluded?.has(variable.name) !== true });
    }
    if (updates.length === 0) return;
    this.#update(updates, options);
    this.#slots.keep(slots);
    this.incrementIterations();
  }

  #update(updates: readonly Update[], options: readonly [AdaBeliefLiveOptions, AdaBeliefLiveOptions]): void {
    const memory = currentMemory();
    // All that may take memory comes before the first look at it, because it could move.
    for (const { variable, gradient } of updates) {
      memory.admit(variable);
      memory.admit(gradient);
    }
    const rooms: Room[] = [];
    let assigned = 0;
    try {
      for (const { variable } of updates) rooms.push(memory.room(variable));
      const values = { options, t: this.iterations + 1, maxGradNorm: this.#maxGradNorm };
      this.#step.run(updates, memory, rooms, values);
      for (const { variable } of updates) (rooms[assigned++] as Room).assignTo(variable);
    } finally {
      for (; assigned < rooms.length; ++assigned) (rooms[assigned] as Room).free();
    }
  }

  /** The names of variables that do not decay. The caller's function runs before anything is begun: it may do whatever it likes. */
  #excluded(gradients: Gradients): ReadonlySet<string> | undefined {
    const exclude = this.#exclude;
    if (exclude === undefined || !this.#group.live.weight_decay) return undefined;
    const given = readGradients(gradients).filter(({ gradient }) => gradient !== null);
    const names = given.map(({ variable }) => variable.name).filter((name) => isExcluded(exclude(name)));
    this.#requireUndisposed();
    return new Set(names);
  }

  /**
   * The state: the number of steps as `iter`, a vector of one, then `<variable>/m` of all variables, `<variable>/v`, and with amsgrad `<variable>/vhat`.
   * The tensors belong to the optimizer: the next call puts new values into them, `dispose` disposes of them.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.#requireUndisposed();
    return Promise.resolve(this.#weights.show(this.iterations, this.#slots.save()));
  }

  /**
   * Takes over state that `getWeights` returned, here or before a model was saved. The variables that the next step updates claim it: by
   * name, else in order. Where neither decides, that step throws ERR_STATE_DICT.
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

  /** The options, as JSON keeps them: "infinity" for Infinity. Of `excludeFromWeightDecay` only that there was one. */
  override getConfig(): serialization.ConfigDict {
    const values = this.#group.read();
    return writeConfig({ version: this.#version, values, exclude: this.#exclude, maxGradNorm: this.#maxGradNorm });
  }

  /** An optimizer with the options of `getConfig`. One that had `excludeFromWeightDecay` makes no step until it is set again. */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(...readConfig(config));
  }

  /** Lets go of the state. Every later step is an error. */
  override dispose(): void {
    this.#disposed = true;
    this.#slots.clear();
    this.#weights.dispose();
  }

  #requireUndisposed(): void {
    if (this.#disposed) throw plainError("ERR_DISPOSED", "This AdaBeliefOptimizer was disposed");
  }

  /** What console.log shows. */
  #shown() {
    const { size: variables, elements } = this.#slots;
    const clips = this.#maxGradNorm === undefined ? {} : { maxGradNorm: this.#maxGradNorm };
    const excludes = this.#exclude === undefined ? {} : { excludeFromWeightDecay: this.#exclude };
    const state = { variables, elements, steps: this.iterations, ...clips, ...excludes, paramGroups: this.#groups };
    return { version: this.#version, state: this.#disposed ? undefined : state };
  }
}

function isExcluded(answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw typeError("ERR_INVALID_OPTION", `excludeFromWeightDecay must return true or false, got ${describe(answer)}`);
}

tf.serialization.registerClass(AdaBeliefOptimizer);
