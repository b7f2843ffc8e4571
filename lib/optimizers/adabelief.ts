import type { Params } from "../groups";
import { Optimizer } from "../optimizer";
import type {
  AdaBeliefGroupOptions,
  AdaBeliefGroupOptions021,
  AdaBeliefGroupOptionsTf001,
  AdaBeliefGroupOptionsTf021,
  AdaBeliefLiveOptions,
  AdaBeliefOptions,
  AdaBeliefOptions005,
  AdaBeliefOptions021,
  AdaBeliefOptionsTf001,
  AdaBeliefOptionsTf021,
  AdaBeliefState,
} from "./adabelief-options";
import { chooseRule } from "./adabelief-rules";

/**
 * AdaBelief: steps are large where the gradient is what its running mean foretold, small where it is not.
 *
 *     m ← β1·m + (1−β1)·g
 *     s ← β2·s + (1−β2)·(g−m)² + ε
 *     p ← p − lr/(1−β1^t) · m / (√s/√(1−β2^t) + ε)
 *
 * with the variations that the options name (docs/options.md). Bit for bit the published PyTorch classes, run in float32 on a CPU.
 *
 * Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan: AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
 * Gradients, NeurIPS 2020.
 *
 * @example
 * const weight = parameter(new Float32Array(784 * 10));
 * const optimizer = new AdaBelief([weight], { lr: 1e-3 });
 * weight.grad = gradientOf(weight.data);
 * optimizer.step();
 */
export class AdaBelief extends Optimizer<AdaBeliefLiveOptions, AdaBeliefState> {
  /**
   * @param params parameters, or groups of them: `{ params, name?, ...options }`
   * @param options the groups' defaults, and `version`: whose rule and defaults to follow, "0.0.5" (default), "0.2.1", or a release
   *   for TensorFlow, "tf-0.0.1" or "tf-0.2.1"
   * @throws with a `code`: an option or parameter that cannot be; the same parameter twice; no parameter
   */
  constructor(params: Params<AdaBeliefGroupOptions>, options?: AdaBeliefOptions005);
  constructor(params: Params<AdaBeliefGroupOptions021>, options: AdaBeliefOptions021);
  constructor(params: Params<AdaBeliefGroupOptionsTf001>, options: AdaBeliefOptionsTf001);
  constructor(params: Params<AdaBeliefGroupOptionsTf021>, options: AdaBeliefOptionsTf021);
  constructor(params: Params<AdaBeliefGroupOptions>, options: AdaBeliefOptions);
  constructor(params: Params<AdaBeliefGroupOptions021 | AdaBeliefGroupOptionsTf021>, options: AdaBeliefOptions = {}) {
    const chosen = chooseRule(options);
    super(chosen.rule, params as Params<AdaBeliefLiveOptions>, chosen.options);
  }
}
