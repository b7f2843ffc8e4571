// The options of an optimizer, live, as one group: what schedules drive, and what a program changes between steps.
import { typeError } from "../errors";
import { AddedKeys } from "../groups/live-group";
import { LiveOptions } from "../groups/live-options";
import type { AdaBeliefLiveOptions } from "../optimizers/adabelief-options";
import { rules } from "../optimizers/adabelief-rules";
import { flag, refuseUnknownKeys } from "../options/kinds";
import { option, type Schema } from "../options/schema";
import type { AdaBeliefTfVersion, RuleOptions } from "./options";

/** The one group of an `AdaBeliefOptimizer`: its options in PyTorch's names, as `AdaBelief` has them. The next step uses what they are then. */
export interface AdaBeliefGroup {
  /** `learningRate`. */
  lr: number;
  /** `beta1` and `beta2`. */
  betas: number[];
  /** `epsilon`. */
  eps: number;
  /** Cannot be changed: state is made for it. */
  readonly amsgrad: boolean;
  /** `weightDecay`. From here on not in release 0.0.1. */
  weight_decay?: number;
  rectify?: boolean;
  /** `smaThreshold`. */
  sma_threshold?: number;
  /** `totalSteps`. */
  total_steps?: number;
  /** `warmupProportion`. */
  warmup_proportion?: number;
  /** `minLr`. */
  min_lr?: number;
  /** The lr that a schedule starts from; set by the first schedule. */
  initial_lr?: number;
  /** Names the group for you. Neither this nor `extra` is saved. */
  name?: string;
  /** Anything of your own. No step looks at it. */
  extra?: unknown;
}

const others = ["initial_lr", "name", "extra"];

/** Refuses another value of an option that state depends on. */
function fixed(value: boolean) {
  return option(value, (next, key) => {
    if (flag(next, key) === value) return value;
    const advice = "make another optimizer, with which the state begins anew";
    throw typeError("ERR_INVALID_OPTION", `${key} of an AdaBeliefOptimizer cannot be changed: ${advice}`);
  });
}

const schemas = new Map<string, Schema>();

/** The options of a release that this class has; one schema for all optimizers that are alike. */
function schemaOf(version: AdaBeliefTfVersion, values: RuleOptions): Schema {
  const { amsgrad } = values;
  const key = `${version} ${String(amsgrad)}`;
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const all = rules[`tf-${version}`].options as unknown as Schema;
  const own = Object.entries(all).filter(([name]) => name in values);
  const schema: Schema = { ...Object.fromEntries(own), amsgrad: fixed(amsgrad) };
  schemas.set(key, schema);
  return schema;
}

type Both = readonly [AdaBeliefLiveOptions, AdaBeliefLiveOptions];

export class OptionGroup {
  readonly live: AdaBeliefGroup;
  readonly #options: LiveOptions<AdaBeliefLiveOptions>;
  readonly #added = new AddedKeys();
  readonly #known: readonly string[];
  readonly #defaults: AdaBeliefLiveOptions;
  #both: Both | undefined;

  constructor(version: AdaBeliefTfVersion, values: RuleOptions) {
    const schema = schemaOf(version, values);
    this.#known = [...Object.keys(schema), ...others];
    this.#defaults = rules[`tf-${version}`].defaults;
    this.#options = new LiveOptions(schema as never, values as unknown as AdaBeliefLiveOptions);
    const live = this.#added.makeObject();
    this.#options.define(live);
    this.live = live as AdaBeliefGroup;
  }

  /** The options as they are now. Throws where one is invalid, or a key is none. */
  read(): RuleOptions {
    this.#options.read();
    if (this.#added.any) this.#added.check((keys) => refuseUnknownKeys(keys, this.#known, "The group of an AdaBeliefOptimizer"));
    return this.#options.values as unknown as RuleOptions;
  }

  /** The rule's options for a step: of variables that decay, and of the others. */
  forStep(): Both {
    this.read();
    if (this.#both === undefined || this.#options.changed) {
      const options = { ...this.#defaults, ...this.#options.values };
      this.#both = [options, "weight_decay" in options ? { ...options, weight_decay: 0 } : options];
      this.#options.changed = false;
    }
    return this.#both;
  }
}
