// What console.log shows of an optimizer in Node. Browsers show what they like.
import { classNameOf, shownValues } from "../foreign";
import { titleOf } from "../rule/rule";
import type { ParameterGroups } from "./parameter-groups";

/** By this key Node finds what console.log shows. */
const inspect = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

type Groups = ParameterGroups<object>;

/** Lets Node's console.log show an optimizer: its name, its groups with their options, and how many parameters and steps there are. */
export function defineInspect(prototype: object, groupsOf: (optimizer: object) => Groups | undefined): void {
  Object.defineProperty(prototype, inspect, {
    value(this: object, depth: number, options: object, toText: Inspect = String) {
      const groups = groupsOf(this);
      return groups === undefined
        ? "Optimizer"
        : show(classNameOf(this), groups, depth, (value) => toText(value, { ...options, depth: 4 }));
    },
    writable: true,
    configurable: true,
  });
}

function show(name: string, { rule, live, steps }: Groups, depth: number, toText: (value: object) => string): string {
  const title = [name, titleOf(rule)].filter((word, k) => k === 1 || (word !== "" && word !== rule.optimizer)).join(" of ");
  if (live.length === 0) return `${title} (disposed)`;
  if (depth < 0) return `[${title}]`;
  let elements = 0;
  let most = 0;
  for (const { length, steps: own } of steps.parameters) {
    elements += length;
    most = Math.max(most, own);
  }
  const paramGroups = live.map((one) => {
    const { params, ...group } = shownValues(one);
    return { ...group, parameters: (params as readonly unknown[]).length };
  });
  return `${title} ${toText({ parameters: steps.parameters.length, elements, steps: most, paramGroups })}`;
}
