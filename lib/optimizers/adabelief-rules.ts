import { describe, rangeError, typeError } from "../errors";
import { requireObject } from "../options";
import type { Rule } from "../rule";
import type { AdaBeliefLiveOptions, AdaBeliefVersion } from "./adabelief-options";
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
