import type { CommonOptions, Live } from "../rule";
import type { State } from "../state-dict";

/** The options of a group, in PyTorch's names. */
export interface AdaBeliefGroupOptions extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of the gradient and of its squared deviation, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** Added to the variance (where it accumulates) and to the denominator, ≥ 0. About the square of Adam's. Default 1e-8; "0.2.1": 1e-16. */
  eps?: number;
  /** ≥ 0. Default 0. */
  weight_decay?: number;
  /** Divide by the largest variance so far. Default false. */
  amsgrad?: boolean;
  /** Decay the parameter itself (as AdamW) and not through the gradient. Default false; "0.2.1": true. */
  weight_decouple?: boolean;
  /** With weight_decouple: decay by weight_decay alone, not by lr · weight_decay. Default false. */
  fixed_decay?: boolean;
  /** Rectify the step size (as RAdam). Default false; "0.2.1": true. */
  rectify?: boolean;
}

/** The options of a group of release 0.2.1. */
export interface AdaBeliefGroupOptions021 extends AdaBeliefGroupOptions {
  /** With rectify, while the variance is too uncertain: step as SGD with momentum does; false: do not step. Default true. */
  degenerated_to_sgd?: boolean;
}

/** The options of a group of the TensorFlow release 0.0.1. */
export interface AdaBeliefGroupOptionsTf001 extends CommonOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** As above. Default [0.9, 0.999]. */
  betas?: readonly number[];
  /** As above. Default 1e-8; "tf-0.2.1": 1e-14. */
  eps?: number;
  /** As above. Default false. */
  amsgrad?: boolean;
}

/** The options of a group of the TensorFlow release 0.2.1. */
export interface AdaBeliefGroupOptionsTf021 extends AdaBeliefGroupOptionsTf001 {
  /** ≥ 0; decoupled: lr · weight_decay · p is part of the step. Default 0. */
  weight_decay?: number;
  /** Rectify the step size. Default true. */
  rectify?: boolean;
  /** The length of the simple moving average from which on the step is rectified, ≥ 4. Default 5. */
  sma_threshold?: number;
  /** Steps of the whole training; more than 0 turns on the warm-up. Default 0. */
  total_steps?: number;
  /** The part of them in which lr rises, in [0, 1]. Default 0.1. */
  warmup_proportion?: number;
  /** What lr falls to after the warm-up, until total_steps. Default 0. */
  min_lr?: number;
}

interface Ignored {
  /** Accepted and ignored: nothing is printed. */
  print_change_log?: boolean;
}

export type AdaBeliefOptions005 = AdaBeliefGroupOptions & Ignored & { version?: "0.0.5" };
export type AdaBeliefOptions021 = AdaBeliefGroupOptions021 & Ignored & { version: "0.2.1" };
export type AdaBeliefOptionsTf001 = AdaBeliefGroupOptionsTf001 & { version: "tf-0.0.1" };
export type AdaBeliefOptionsTf021 = AdaBeliefGroupOptionsTf021 & { version: "tf-0.2.1" };
export type AdaBeliefOptions = AdaBeliefOptions005 | AdaBeliefOptions021 | AdaBeliefOptionsTf001 | AdaBeliefOptionsTf021;
export type AdaBeliefVersion = "0.0.5" | "0.2.1" | "tf-0.0.1" | "tf-0.2.1";

/** `step` counts the parameter's own updates; the arrays are live and as long as the parameter. */
export interface AdaBeliefState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_var: Float32Array;
  readonly max_exp_avg_var?: Float32Array;
}

/** The options as a group has them: all of its version. */
export type AdaBeliefLiveOptions = Live<AdaBeliefGroupOptions> & { degenerated_to_sgd?: boolean };
