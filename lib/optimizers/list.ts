// All optimizers, for what follows from their declarations: the benchmark, `adabelief compare`, tests, tables of the documentation.
import { Optimizer } from "../optimizer";
import * as exported from "./index";

/** A class as code that does not know its options calls it. */
export type OptimizerClass = new (params: Iterable<object>, options?: object) => Optimizer<{ lr: number }>;

/** Every optimizer class of the package, by name. */
export const optimizers: readonly OptimizerClass[] = Object.entries(exported)
  .filter(([, value]) => typeof value === "function" && value.prototype instanceof Optimizer)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, value]) => value as unknown as OptimizerClass);
