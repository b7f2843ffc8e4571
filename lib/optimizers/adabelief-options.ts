import type { LiveOptionsOf, OptionsOf } from "../rule";
import type { State } from "../state-dict";
import type { rule005, rule021 } from "./adabelief-pytorch";
import type { ruleTf001, ruleTf021 } from "./adabelief-tensorflow";

/**
 * The options of a group of release 0.0.5, in PyTorch's names.
 *
 * @interface
 */
export type AdaBeliefGroupOptions = OptionsOf<typeof rule005>;
/**
 * The options of a group of release 0.2.1.
 *
 * @interface
 */
export type AdaBeliefGroupOptions021 = OptionsOf<typeof rule021>;
/**
 * The options of a group of the TensorFlow release 0.0.1.
 *
 * @interface
 */
export type AdaBeliefGroupOptionsTf001 = OptionsOf<typeof ruleTf001>;
/**
 * The options of a group of the TensorFlow release 0.2.1.
 *
 * @interface
 */
export type AdaBeliefGroupOptionsTf021 = OptionsOf<typeof ruleTf021>;

interface Ignored {
  /** Accepted and ignored: nothing is printed. */
  print_change_log?: boolean;
}

/**
 * The options of release 0.0.5.
 *
 * @interface
 */
export type AdaBeliefOptions005 = AdaBeliefGroupOptions & Ignored & { version?: "0.0.5" };

/**
 * The options of release 0.2.1.
 *
 * @interface
 */
export type AdaBeliefOptions021 = AdaBeliefGroupOptions021 & Ignored & { version: "0.2.1" };

/**
 * The options of the TensorFlow release 0.0.1.
 *
 * @interface
 */
export type AdaBeliefOptionsTf001 = AdaBeliefGroupOptionsTf001 & { version: "tf-0.0.1" };

/**
 * The options of the TensorFlow release 0.2.1.
 *
 * @interface
 */
export type AdaBeliefOptionsTf021 = AdaBeliefGroupOptionsTf021 & { version: "tf-0.2.1" };

/** The options of any version. */
export type AdaBeliefOptions = AdaBeliefOptions005 | AdaBeliefOptions021 | AdaBeliefOptionsTf001 | AdaBeliefOptionsTf021;
export type AdaBeliefVersion = "0.0.5" | "0.2.1" | "tf-0.0.1" | "tf-0.2.1";

/** `step` counts the parameter's own updates; the arrays are live and as long as the parameter. */
export interface AdaBeliefState extends State {
  readonly exp_avg: Float32Array;
  readonly exp_avg_var: Float32Array;
  readonly max_exp_avg_var?: Float32Array;
}

/** The options of a group, by version. */
export interface AdaBeliefGroupOptionsOf {
  "0.0.5": AdaBeliefGroupOptions;
  "0.2.1": AdaBeliefGroupOptions021;
  "tf-0.0.1": AdaBeliefGroupOptionsTf001;
  "tf-0.2.1": AdaBeliefGroupOptionsTf021;
}

/** The options of the constructor, by version. */
export type AdaBeliefOptionsOf<V extends AdaBeliefVersion> = AdaBeliefGroupOptionsOf[V] & Ignored & { version?: V };

/** The options of a group as it has them, by version. */
export interface AdaBeliefLiveOptionsOf {
  "0.0.5": LiveOptionsOf<typeof rule005>;
  "0.2.1": LiveOptionsOf<typeof rule021>;
  "tf-0.0.1": LiveOptionsOf<typeof ruleTf001>;
  "tf-0.2.1": LiveOptionsOf<typeof ruleTf021>;
}

/** The options of a group in any version. */
export type AdaBeliefLiveOptions = AdaBeliefLiveOptionsOf[AdaBeliefVersion];
