// Options belong to groups. An optimizer has `lr`, which most programs set; every other option name on it is a mistake that would do nothing.
import { plainError, typeError } from "../errors";
import { canWrite } from "../groups/live-group";
import { plain } from "../options/kinds";
import { optionNameTest, refusing } from "../rule/option-names";

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

/** Options of a step. */
const stepNames = ["maxGradNorm", "gradScale", "skipNonFinite"];

function refuse(name: string): never {
  const meant = stepNames.find((own) => plain(own) === plain(name));
  const where =
    meant === undefined ? "options belong to the groups: optimizer.paramGroups[0]" : `it is an option of step({ ${meant} })`;
  throw typeError("ERR_OPTIMIZER", `An optimizer has no ${name} of its own; ${where}`);
}

// What optimizers inherit from in the end.
Object.setPrototypeOf(WithGroups.prototype, refusing({}, optionNameTest(stepNames), refuse));
