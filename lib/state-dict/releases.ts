// Which release of AdaBelief wrote a dict that does not name it: 0.2.1 keeps a `buffer` in its groups, 0.0.5 `rho_inf` in its states.
import { isObject } from "../errors";
import { titleOf, type Rule } from "../rule/rule";
import { refuse } from "./read-state";

type Named = Pick<Rule<object>, "optimizer" | "version">;

const holds = (values: readonly unknown[], key: string): boolean =>
  values.some((value) => isObject(value) && Object.hasOwn(value, key));

/** What other releases than the rule's keep in groups, where it is to be refused with a word on the release. */
export const releaseKeys = ({ optimizer }: Named): string[] => (optimizer === "AdaBelief" ? ["buffer"] : []);

/** What to do about a dict of another version. */
export const versionAdvice = ({ optimizer }: Named, version: unknown): string =>
  optimizer === "AdaBelief" && typeof version === "string"
    ? `; construct the optimizer with { version: ${JSON.stringify(version)} }`
    : "";

/** Refuses a dict without a version that another release wrote. */
export function requireSameRelease(
  rule: Named,
  { version }: Readonly<Record<string, unknown>>,
  states: readonly unknown[],
  groups: readonly unknown[],
): void {
  if (rule.optimizer !== "AdaBelief" || version !== undefined) return;
  const [release, mark] = holds(groups, "buffer")
    ? ["0.2.1", "its groups have a buffer"]
    : holds(states, "rho_inf")
      ? ["0.0.5", "its states have rho_inf"]
      : [rule.version, ""];
  if (release === rule.version) return;
  throw refuse(`This state dict belongs to release ${release} (${mark}), not to ${titleOf(rule)}${versionAdvice(rule, release)}`);
}
