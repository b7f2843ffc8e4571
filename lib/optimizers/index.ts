export { AdaBelief } from "./adabelief";
export type {
  AdaBeliefGroupOptions,
  AdaBeliefGroupOptions021,
  AdaBeliefGroupOptionsOf,
  AdaBeliefGroupOptionsTf001,
  AdaBeliefGroupOptionsTf021,
  AdaBeliefLiveOptionsOf,
  AdaBeliefOptions,
  AdaBeliefOptions005,
  AdaBeliefOptions021,
  AdaBeliefOptionsOf,
  AdaBeliefOptionsTf001,
  AdaBeliefOptionsTf021,
  AdaBeliefState,
  AdaBeliefVersion,
} from "./adabelief-options";
export * from "./adabound";
export * from "./adam";
export * from "./eadam";
export * from "./fromage";
export * from "./lion";
export * from "./msvag";
export * from "./radam";
export * from "./ranger";
export * from "./sgd";
export * from "./yogi";
export { recipes, type Recipe } from "./recipes";
