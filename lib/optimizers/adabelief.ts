import { describe, rangeError, typeError } from "../errors";
import type { Params } from "../group";
import { Optimizer } from "../optimizer";
import { requireObject } from "../options";
import type { Rule } from "../rule";
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
  AdaBeliefVersion,
} from "./adabelief-options";
import { pytorchRule } from "./adabelief-pytorch";
import { tensorflowRule001, tensorflowRule021 } from "./adabelief-tensorflow";

type Options = AdaBeliefLiveOptions;

/** The rule of each release, with its defaults. */
export const rules: Record<AdaBeliefVersion, Rule<Options>> = {
  "0.0.5": pytorchRule("0.0.5", {}),
  "0.2.1": pytorchRule("0.2.1", { eps: 1e-16, weight_decouple: true, rectify: true, degenerated_to_sgd: true }),
  "tf-0.0.1": tensorflowRule001 as unknown as Rule<Options>,
  "tf-0.2.1": tensorflowRule021 as unknown as Rule<Options>,
};

/** Splits options into the rule that their version names and the rest. */
export function chooseRule(options: unknown): { rule: Rule<Options>; options: object } {
  requireObject(options, "The options of AdaBelief");
  const { version = "0.0.5", print_change_log: _ignored, ...rest } = options;
  if (typeof version !== "string") throw typeError("ERR_INVALID_OPTION", `version must be a string, got ${describe(version)}`);
  if (!Object.hasOwn(rules, version)) {
    const known = Object.keys(rules).join(", ");
    throw rangeError("ERR_INVALID_OPTION", `Invalid version: ${JSON.stringify(version)}; there are ${known}`);
  }
  return { rule: rules[version as AdaBeliefVersion], options: rest };
}

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
