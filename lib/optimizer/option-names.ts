// Options belong to groups. An optimizer has `lr`, which most programs set; every other option name on it is a mistake that would do nothing.
import { plainError, typeError } from "../errors";
import { canWrite } from "../groups/live-group";
import { dialects, plain } from "../options/kinds";
import { optionNames } from "../rule/rule";

interface Group {
  lr: number;
}

/** The base of every optimizer. */
export abstract class WithGroups {
  abstract readonly paramGroups: readonly object[];

  /** The learning rate of all groups; undefined where they differ. Assigning sets it in all of them. */
  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs -- undefined is what groups that differ have, and nothing to set
  get lr(): number | undefined {
    const [first, ...rest] = this.paramGroups as readonly Group[];
    return rest.every(({ lr }) => lr === first?.lr) ? first?.lr : undefined;
  }

  /** @throws ERR_OPTIMIZER where the groups differ or one is frozen, ERR_INVALID_OPTION; nothing is changed then */
  set lr(value: number) {
    const groups = this.paramGroups as readonly Group[];
    if (groups.length === 0) throw plainError("ERR_DISPOSED", "This optimizer was disposed");
    if (this.lr === undefined) {
      const each = "set it in each, for (const group of optimizer.paramGroups) group.lr = …";
      throw typeError("ERR_OPTIMIZER", `The groups of this optimizer differ in lr: ${each}`);
    }
    const frozen = groups.findIndex((group) => !canWrite(group, "lr"));
    if (frozen >= 0) throw typeError("ERR_OPTIMIZER", `The lr of param group ${frozen} cannot be set: it is frozen`);
    for (const group of groups) group.lr = value;
  }
}

/** The names of options in plain form. */
let names: ReadonlySet<string> = new Set();
let counted = 0;

/** Whether a key is an option's name, in whatever spelling: amsgrad, amsGrad, AMSGRAD, learningRate, LR. */
function isOptionName(key: PropertyKey): key is string {
  if (typeof key !== "string") return false;
  if (counted !== optionNames.size) {
    counted = optionNames.size; // a rule was declared
    names = new Set([...optionNames, ...dialects.flat()].map(plain));
  }
  return names.has(plain(key));
}

function refuse(name: string): never {
  const where = "options belong to the groups: optimizer.paramGroups[0]";
  throw typeError("ERR_OPTIMIZER", `An optimizer has no ${name} of its own; ${where}`);
}

/**
 * What optimizers inherit from in the end. Only keys that nothing before it has come here: methods cost nothing, and names that are no
 * option's are free.
 */
const last = new Proxy(
  {},
  {
    get: (target, key, receiver) => (isOptionName(key) ? refuse(key) : (Reflect.get(target, key, receiver) as unknown)),
    set: (target, key, value, receiver) => (isOptionName(key) ? refuse(key) : Reflect.set(target, key, value, receiver)),
  },
);
Object.setPrototypeOf(WithGroups.prototype, last);
