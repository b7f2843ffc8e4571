// Which keys are options' names, in whatever spelling: amsgrad, amsGrad, AMSGRAD, learningRate, LR.
import { dialects, plain } from "../options/kinds";
import { optionNames } from "./rule";

const own = dialects.flat().map(plain);

/** Makes a test for the names of all rules' options, dialects, and some more. Rules may be declared later. */
export function optionNameTest(more: readonly string[] = []): (key: PropertyKey) => key is string {
  const always = [...own, ...more.map(plain)];
  let names: ReadonlySet<string> = new Set();
  let counted = -1;
  return (key): key is string => {
    if (typeof key !== "string") return false;
    if (counted !== optionNames.size) {
      counted = optionNames.size;
      names = new Set([...always, ...[...optionNames].map(plain)]);
    }
    return names.has(plain(key));
  };
}

/**
 * An object like `base` that refuses options' names, for the end of a chain of prototypes. Only keys that nothing before it has come here:
 * methods cost nothing, and other names are free.
 */
export function refusing<T extends object>(
  base: T,
  isName: (key: PropertyKey) => key is string,
  refuse: (name: string) => never,
): T {
  return new Proxy(base, {
    get: (target, key, receiver) => (isName(key) ? refuse(key) : (Reflect.get(target, key, receiver) as unknown)),
    set: (target, key, value, receiver) => (isName(key) ? refuse(key) : Reflect.set(target, key, value, receiver)),
  });
}
