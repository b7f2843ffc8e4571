export { AdaBeliefOptimizer } from "./optimizer";
export type { AdaBeliefOptimizerOptions, AdaBeliefTfVersion } from "./options";
