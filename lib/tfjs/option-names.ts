// Options belong to the group. The optimizer has `learningRate` and `lr`; any other option's name on it is a mistake that would do nothing.
import { typeError } from "../errors";
import { plain } from "../options/kinds";
import { optionNameTest, refusing } from "../rule/option-names";

/** Options of the constructor that no rule has. */
const ownNames = ["version", "maxGradNorm", "excludeFromWeightDecay"];

function refuse(name: string): never {
  const meant = ownNames.find((own) => own !== "version" && plain(own) === plain(name));
  const where = meant === undefined ? "options belong to its group: optimizer.paramGroups[0]" : `it is optimizer.${meant}`;
  throw typeError("ERR_OPTIMIZER", `An AdaBeliefOptimizer has no ${name} of its own; ${where}`);
}

/** A prototype like `base` that refuses options' names. Names that come to it are those that the class itself does not have. */
export const refusingOptionNames = <T extends object>(base: T): T => refusing(base, optionNameTest(ownNames), refuse);
