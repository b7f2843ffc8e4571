// Flags that PyTorch's classes and their relatives keep in groups. What is no option of a rule is taken only where it changes nothing.
import { describe } from "../errors";
import type { Rule } from "../rule/rule";
import { refuse } from "./read-state";

/** A rule, and the options of a group, as far as flags depend on them. */
interface Context {
  readonly rule: Pick<Rule<object>, "optimizer" | "version" | "options" | "coupledDecay">;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Flag {
  /** Whether a value changes nothing. */
  readonly isIdle: (value: boolean, context: Context) => boolean;
  /** What obeys a value that is not idle. */
  readonly obeyedBy: (value: boolean, context: Context) => string;
}

const has = ({ rule }: Context, option: string): boolean => Object.hasOwn(rule.options, option);
const decays = ({ options: { weight_decay = 0 } }: Context): boolean => weight_decay !== 0;
const isRectified = ({ rule, options: { rectify } }: Context): boolean =>
  rectify === true || ["RAdam", "RangerAdaBelief"].includes(rule.optimizer);

/** Flags of the implementation. They say how a step is computed, and change nothing in what it computes. */
const implementation: Flag = { isIdle: () => true, obeyedBy: () => "" };

/** One flag under three names: whether decay acts on the parameter itself, or joins the gradient. */
const decoupled: Flag = {
  isIdle: (value, context) => {
    if (!decays(context)) return true;
    const { options, rule } = context;
    return value === (has(context, "weight_decouple") ? options["weight_decouple"] : rule.coupledDecay === undefined);
  },
  obeyedBy: (value, context) => {
    if (has(context, "weight_decouple")) return `this group with weight_decouple: ${value}, which the dict contradicts`;
    const { rule } = context;
    const other = { Adam: "AdamW", AdamW: "Adam", AdaBelief: 'AdaBelief with version: "0.2.1"' }[rule.optimizer];
    return other ?? `no class here; ${rule.optimizer}'s decay is ${value ? "coupled" : "decoupled"}`;
  },
};

const only = (name: string): Flag => ({ isIdle: (value) => !value, obeyedBy: () => name });

const flags: Readonly<Record<string, Flag>> = {
  foreach: implementation,
  fused: implementation,
  capturable: implementation,
  differentiable: implementation,
  decoupled_weight_decay: decoupled,
  weight_decouple: decoupled,
  decoupled,
  fixed_decay: {
    isIdle: (value, context) => !value || !decays(context),
    obeyedBy: () => "AdaBelief (0.0.5, 0.2.1)",
  },
  nesterov: only("SGD"),
  amsgrad: only("Adam, AdamW and AdaBelief"),
  amsbound: only("AdaBound"),
  rectify: {
    isIdle: (value, context) => value === isRectified(context),
    obeyedBy: (value, { rule }) => {
      if (rule.optimizer === "AdaBelief") return 'AdaBelief with version: "tf-0.2.1"';
      return value ? "RAdam and AdaBelief" : rule.optimizer === "RAdam" ? "Adam" : "AdaBelief";
    },
  },
  degenerated_to_sgd: {
    isIdle: (value, context) => value || !isRectified(context),
    obeyedBy: (_, { rule }) => (rule.optimizer === "AdaBelief" ? 'AdaBelief with version: "0.2.1"' : "RAdam and AdaBelief"),
  },
};

/** The keys of all flags. */
export const flagKeys: readonly string[] = Object.keys(flags);

/** What flags say that a rule has under another name. */
export function optionsByFlags({ options }: Pick<Rule<object>, "options">, saved: Readonly<Record<string, unknown>>): object {
  if (!Object.hasOwn(options, "weight_decouple")) return {};
  const { decoupled_weight_decay, decoupled = decoupled_weight_decay } = saved;
  return typeof decoupled === "boolean" ? { weight_decouple: decoupled } : {};
}

/** Refuses a flag that the rule does not obey, unless its value changes nothing. */
export function requireObeyed(saved: Readonly<Record<string, unknown>>, context: Context, where: string): void {
  for (const [key, flag] of Object.entries(flags)) {
    const value = Object.hasOwn(saved, key) ? saved[key] : undefined;
    if (value === undefined || (has(context, key) && flag !== decoupled && flag !== implementation)) continue;
    if (value === null && flag === implementation) continue;
    if (typeof value !== "boolean") throw refuse(`${where}: ${key} must be true or false, got ${describe(value)}`);
    if (flag.isIdle(value, context)) continue;
    const { optimizer, version } = context.rule;
    const what = `${where} has ${key}: ${value}, which ${optimizer}${version === undefined ? "" : ` ${version}`} does not obey`;
    throw refuse(`${what}. It is obeyed by ${flag.obeyedBy(value, context)}`);
  }
}
