// Options belong to the group. The optimizer has `learningRate` and `lr`; any other option's name on it is a mistake that would do nothing.
import { typeError } from "../errors";
import { dialects, plain } from "../options/kinds";
import { optionNames } from "../rule/rule";

/** Options of the constructor that no rule has. */
const ownNames = ["version", "maxGradNorm", "excludeFromWeightDecay"];
const dialectNames = [...dialects.flat(), ...ownNames].map(plain);

let names: ReadonlySet<string> = new Set(dialectNames);
let counted = 0;

/** Whether a key is an option's name, in whatever spelling: weightDecay, weight_decay, WEIGHTDECAY. */
function isOptionName(key: PropertyKey): key is string {
  if (typeof key !== "string") return false;
  if (counted !== optionNames.size) {
    counted = optionNames.size; // a rule was declared
    names = new Set([...dialectNames, ...[...optionNames].map(plain)]);
  }
  return names.has(plain(key));
}

function refuse(name: string): never {
  const meant = ownNames.find((own) => own !== "version" && plain(own) === plain(name));
  const where = meant === undefined ? "options belong to its group: optimizer.paramGroups[0]" : `it is optimizer.${meant}`;
  throw typeError("ERR_OPTIMIZER", `An AdaBeliefOptimizer has no ${name} of its own; ${where}`);
}

/** A prototype like `base` that refuses options' names. Names that come to it are those that the class itself does not have. */
export function refusingOptionNames<T extends object>(base: T): T {
  return new Proxy(base, {
    get: (target, key, receiver) => (isOptionName(key) ? refuse(key) : (Reflect.get(target, key, receiver) as unknown)),
    set: (target, key, value, receiver) => (isOptionName(key) ? refuse(key) : Reflect.set(target, key, value, receiver)),
  });
}
