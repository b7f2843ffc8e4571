import type { serialization } from "@tensorflow/tfjs-core";
import { describe, plainError, rangeError, typeError } from "../errors";
import type { AdaBeliefOptionsTf021 } from "../optimizers/adabelief-options";
import { rules } from "../optimizers/adabelief-rules";
import type { CommonValues } from "../options/common";
import { numberThat, refuseUnknownKeys, requireObject, type Kind } from "../options/kinds";
import type { Schema } from "../options/schema";
import { requireNorm } from "../step/step-options";

/** A release of adabelief-tf. */
export type AdaBeliefTfVersion = "0.0.1" | "0.2.1";

/** The options of `AdaBeliefOptimizer`. */
export interface AdaBeliefOptimizerOptions {
  /** Which release's rule and defaults: "0.2.1" (default) or "0.0.1", which has `beta1`, `beta2`, `epsilon` and `amsgrad` alone. */
  version?: AdaBeliefTfVersion;
  /** Decay of the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Decay of the running mean of its squared deviation, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. About the square of Adam's. Default 1e-14; "0.0.1": 1e-8. */
  epsilon?: number;
  /** ≥ 0; decoupled: learningRate · weightDecay · variable is part of the step. Default 0. */
  weightDecay?: number;
  /** Rectify the step size (as RAdam). Default true. */
  rectify?: boolean;
  /** Divide by the largest variance so far. Default false. */
  amsgrad?: boolean;
  /** The length of the simple moving average from which on the step is rectified, ≥ 4. Default 5. */
  smaThreshold?: number;
  /** Steps of the whole training; more than 0 turns on the warm-up. Default 0. */
  totalSteps?: number;
  /** The part of them in which the learning rate rises, in [0, 1]. Default 0.1. */
  warmupProportion?: number;
  /** What the learning rate falls to after the warm-up, until totalSteps, ≥ 0. Default 0. */
  minLr?: number;
  /**
   * Scales all gradients of a step by min(1, maxGradNorm / (norm + 1e-6)), where norm is the Euclidean norm of all of them together; the
   * tensors of the gradients stay as they are. Default: no clipping.
   */
  maxGradNorm?: number;
  /** Whether the variable of a name is left out of weight decay. Default: none is. Called in every step that has weight decay. */
  excludeFromWeightDecay?: ((name: string) => boolean) | undefined;
}

/** What the constructor's options are in the names of the rule. */
const ruleNames = {
  epsilon: "eps",
  weightDecay: "weight_decay",
  rectify: "rectify",
  amsgrad: "amsgrad",
  smaThreshold: "sma_threshold",
  totalSteps: "total_steps",
  warmupProportion: "warmup_proportion",
  minLr: "min_lr",
} as const;

/** Reads beta1 or beta2. */
const readBeta = numberThat(
  (value) => value >= 0 && value < 1,
  (key, value) => `${key} must be a number in [0, 1), got ${describe(value)}`,
);

/** A release's options in the names of the rule. */
export type RuleOptions = Required<Omit<AdaBeliefOptionsTf021, "version" | keyof CommonValues>>;

function ruleOf(version: unknown) {
  if (typeof version !== "string") throw typeError("ERR_INVALID_OPTION", `version must be a string, got ${describe(version)}`);
  if (version === "0.2.1" || version === "0.0.1") return rules[`tf-${version}`];
  throw rangeError(
    "ERR_INVALID_OPTION",
    `Invalid version: ${JSON.stringify(version)}; releases of adabelief-tf here are 0.0.1, 0.2.1`,
  );
}

/** Checks a learning rate. */
export function readLearningRate(value: unknown): number {
  if (typeof value === "object" && value !== null) {
    throw typeError(
      "ERR_INVALID_OPTION",
      "The first argument of AdaBeliefOptimizer is the learning rate, the second its options",
    );
  }
  return rules["tf-0.2.1"].options.lr.read(value, "learningRate");
}

/** Checks a function that leaves variables out of weight decay. */
export function readExclude(value: unknown): AdaBeliefOptimizerOptions["excludeFromWeightDecay"] {
  if (value === undefined || typeof value === "function") return value as (name: string) => boolean;
  throw typeError("ERR_INVALID_OPTION", `excludeFromWeightDecay must be a function of a name, got ${describe(value)}`);
}

/** Checks a norm to clip to. */
export const readMaxGradNorm = (value: unknown): number | undefined =>
  value === undefined ? undefined : requireNorm(value, "maxGradNorm");

/** What a constructor was given, checked: the release's options, the defaults in the place of those that are absent, and the others. */
export interface Given {
  readonly version: AdaBeliefTfVersion;
  readonly values: RuleOptions;
  readonly exclude: AdaBeliefOptimizerOptions["excludeFromWeightDecay"];
  readonly maxGradNorm: number | undefined;
}

/** Reads what a constructor was given. */
export function readGiven(learningRate: unknown, given: unknown): Given {
  const lr = readLearningRate(learningRate);
  requireObject(given, "The options of AdaBeliefOptimizer");
  const { version = "0.2.1", excludeFromWeightDecay, maxGradNorm } = given;
  const rule = ruleOf(version);
  const schema = rule.options as unknown as Schema;
  const defaults = rule.defaults as unknown as RuleOptions;
  const names = Object.entries(ruleNames).filter(([, name]) => name in defaults);
  const known = ["version", "beta1", "beta2", ...names.map(([key]) => key), "maxGradNorm"];
  if ("weight_decay" in defaults) known.push("excludeFromWeightDecay");
  refuseUnknownKeys(given, known, `AdaBeliefOptimizer of release ${String(version)}`);

  const [beta1, beta2] = defaults.betas as [number, number];
  const read = <T>(kind: Kind<T>, key: string, byDefault: T) => kind(given[key] === undefined ? byDefault : given[key], key);
  const betas = Object.freeze([read(readBeta, "beta1", beta1), read(readBeta, "beta2", beta2)]);
  const rest = names.map(
    ([key, name]) => [name, read((value, as) => schema[name]?.read(value, as), key, defaults[name])] as const,
  );
  return {
    version: version as AdaBeliefTfVersion,
    values: { lr, betas, ...Object.fromEntries(rest) } as unknown as RuleOptions,
    exclude: readExclude(excludeFromWeightDecay),
    maxGradNorm: readMaxGradNorm(maxGradNorm),
  };
}

/** What stands for Infinity in a configuration, because JSON has no number for it. tfjs changes the case of words. */
const infinity = "infinity";

const written = (value: number | boolean | undefined) => (value === Infinity ? infinity : value);

/** The options as a model is saved with them. Of `excludeFromWeightDecay` only that there was one. */
export function writeConfig({ version, values, exclude, maxGradNorm }: Given): serialization.ConfigDict {
  const rest = Object.entries(ruleNames).filter(([, name]) => name in values);
  return {
    learningRate: written(values.lr) as number,
    version,
    beta1: values.betas[0] as number,
    beta2: values.betas[1] as number,
    ...Object.fromEntries(rest.map(([key, name]) => [key, written(values[name]) as number])),
    ...(maxGradNorm === undefined ? {} : { maxGradNorm: written(maxGradNorm) as number }),
    ...(exclude === undefined ? {} : { excludeFromWeightDecay: true }),
  };
}

/** The arguments of a constructor that a configuration was written of. */
export function readConfig(config: serialization.ConfigDict): [learningRate: unknown, options: Record<string, unknown>] {
  const { customObjects: _handedOnByTfjs, excludeFromWeightDecay, ...rest } = config;
  const read = Object.entries(rest).map(([key, value]) => [key, value === infinity ? Infinity : value] as const);
  const { learningRate, ...options } = Object.fromEntries<unknown>(read);
  return [learningRate, { ...options, ...(excludeFromWeightDecay === undefined ? {} : { excludeFromWeightDecay: forgotten }) }];
}

/** Stands for a function that was there when the optimizer was saved. */
function forgotten(): never {
  const advice = "set optimizer.excludeFromWeightDecay again (undefined: everything decays)";
  throw plainError(
    "ERR_INVALID_OPTION",
    `This optimizer was saved with excludeFromWeightDecay, a function, which no file keeps: ${advice}`,
  );
}
