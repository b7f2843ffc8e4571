import { describe, rangeError, typeError } from "../errors";
import { requireObject } from "../options/kinds";
import type { Rule } from "../rule";
import type { AdaBeliefLiveOptions, AdaBeliefVersion } from "./adabelief-options";
import { rule005, rule021 } from "./adabelief-pytorch";
import { ruleTf001, ruleTf021 } from "./adabelief-tensorflow";

type Options = AdaBeliefLiveOptions;

/** The rule of each release, with its defaults. */
export const rules = {
  "0.0.5": rule005,
  "0.2.1": rule021,
  "tf-0.0.1": ruleTf001,
  "tf-0.2.1": ruleTf021,
} as unknown as Record<AdaBeliefVersion, Rule<Options>>;

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
