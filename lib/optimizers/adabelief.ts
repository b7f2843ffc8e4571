import type { Params } from "../groups";
import { Optimizer } from "../optimizer";
import type {
  AdaBeliefGroupOptionsOf,
  AdaBeliefLiveOptionsOf,
  AdaBeliefOptionsOf,
  AdaBeliefState,
  AdaBeliefVersion,
} from "./adabelief-options";
import { chooseRule } from "./adabelief-rules";

/**
 * AdaBelief: large steps where the gradient is close to its running mean, small steps where it deviates from it.
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
 * @typeParam V the version, which follows from the options: groups and defaults have its options
 *
 * @example
 * const weight = parameter(new Float32Array(784 * 10));
 * const optimizer = new AdaBelief([weight], { lr: 1e-3 });
 * weight.grad = gradientOf(weight.data);
 * optimizer.step();
 */
export class AdaBelief<V extends AdaBeliefVersion = "0.0.5"> extends Optimizer<AdaBeliefLiveOptionsOf[V], AdaBeliefState> {
  /**
   * @param params parameters, or groups of them: `{ params, name?, ...options }`
   * @param options the groups' defaults, and `version`: whose rule and defaults to follow, "0.0.5" (default), "0.2.1", or a release
   *   for TensorFlow, "tf-0.0.1" or "tf-0.2.1"
   * @throws a coded error for an invalid option or parameter, the same parameter twice, or no parameter
   */
  constructor(params: Params<AdaBeliefGroupOptionsOf[V]>, options: AdaBeliefOptionsOf<V> = {}) {
    const chosen = chooseRule(options);
    super(chosen.rule as never, params as Params<Partial<AdaBeliefLiveOptionsOf[V]>>, chosen.options);
  }
}
