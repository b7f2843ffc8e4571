// The options that every optimizer has.
import { describe, typeError } from "../errors";
import { flag, proportion, refuseUnknownKeys, requireObject, whole, word, type Kind } from "./kinds";
import { option, type Option, type Schema } from "./schema";

export type Centralize = false | "all" | "conv";

export type SparseStep = "parameter" | "row";

/** Lookahead: after every k-th step slow ← slow + alpha·(p − slow), and p ← slow. */
export interface LookaheadOptions {
  readonly k: number;
  readonly alpha: number;
}

/** An exponential moving average of the parameters: after every step ema ← ema + (1 − decay)·(p − ema). */
export interface EmaOptions {
  readonly decay: number;
}

/** The types in which state arrays are kept. */
export type StateDtype = "float32" | "bfloat16";

/** The values of the options that every optimizer has. */
export interface CommonValues {
  /**
   * Gradient centralization (Yong et al., ECCV 2020): subtracts from the gradient its mean over all dimensions but the first, in
   * parameters whose `shape` has more than one dimension ("all") or more than three ("conv"). Coupled weight decay comes before it.
   * Default false.
   */
  centralize: Centralize;
  /**
   * Lookahead (Zhang et al., NeurIPS 2019): after every `k`-th step of a parameter, slow ← slow + alpha·(p − slow) and p ← slow. The
   * slow weights are `slow_buffer` of the state. `k` is 6 and `alpha` 0.5 where they are not given. Default null: no Lookahead.
   */
  lookahead: Partial<LookaheadOptions> | null;
  /**
   * An exponential moving average of each parameter, as of PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(decay)`: p after the first
   * step, then ema ← ema + (1 − decay)·(p − ema) in the same pass over memory as the step. It is `ema_buffer` of the state; `swapEma` puts
   * it into the parameters. `decay` is 0.999 where it is not given. Default null: no average.
   */
  ema: Partial<EmaOptions> | null;
  /**
   * Steps can be captured into a CUDA graph: the device keeps the count of steps and finds what depends on it. All parameters must lie on one
   * device, and all groups must have the same value. Not saved. Default false. See `prepareReplay`.
   */
  capturable: boolean;
  /** Maximize the objective: the gradient's sign is changed before anything else. Default false. */
  maximize: boolean;
  /**
   * The type in which the state arrays are kept (the moments; not `slow_buffer` and `ema_buffer`). "bfloat16" takes half of their memory. All
   * arithmetic is in float32; a step rounds what it stores stochastically, so that small changes are not lost. It cannot change once there
   * is state. Parameters on the host only. Default "float32".
   */
  state_dtype: StateDtype;
  /**
   * With `state_dtype: "bfloat16"`, what the random bits of the rounding depend on, besides the parameter's number, its steps and the
   * element: a whole number from 0. The same seed gives the same bits, on every processor and number of threads. Default 0.
   */
  seed: number;
  /**
   * What is counted for the bias corrections of rows with a sparse gradient: the updates of the parameter, or those of each row
   * (`row_steps` of the state). With "row", the same holds where gradients are not sparse. Default "parameter".
   */
  sparse_step: SparseStep;
}

/**
 * Options that every optimizer has.
 *
 * @interface
 */
export type CommonOptions = Partial<CommonValues>;

const sparseSteps: readonly SparseStep[] = ["parameter", "row"];

const centralize: Kind<Centralize> = (value, key) => {
  if (value === false || value === "all" || value === "conv") return value;
  throw typeError("ERR_INVALID_OPTION", `${key} must be false, "all" or "conv", got ${describe(value)}`);
};

const stateDtype: Kind<StateDtype> = word(
  ["float32", "bfloat16"],
  (key, value) => `${key} must be "float32" or "bfloat16", got ${describe(value)}`,
);

const everySteps = whole(1);

/** Checks Lookahead's options: k from 1 on, default 6; alpha in [0, 1], default 0.5. */
export function readLookahead(given: unknown): LookaheadOptions {
  requireObject(given, "The options of Lookahead");
  refuseUnknownKeys(given, ["k", "alpha"], "Lookahead");
  const { k = 6, alpha = 0.5 } = given;
  return Object.freeze({ k: everySteps(k, "k"), alpha: proportion(alpha, "alpha") });
}

/** Checks the options of a moving average: decay in [0, 1], default 0.999. */
function readEma(given: unknown): EmaOptions {
  requireObject(given, "The options of ema");
  refuseUnknownKeys(given, ["decay"], "ema");
  const { decay = 0.999 } = given;
  return Object.freeze({ decay: proportion(decay, "decay") });
}

export const commonOptions: { readonly [K in keyof CommonValues]: Option<CommonValues[K]> } = {
  centralize: option<Centralize>(false, centralize),
  lookahead: option<Partial<LookaheadOptions> | null>(null, (value) => (value === null ? null : readLookahead(value))),
  ema: option<Partial<EmaOptions> | null>(null, (value) => (value === null ? null : readEma(value))),
  capturable: option(false, flag),
  maximize: option(false, flag),
  state_dtype: option<StateDtype>("float32", stateDtype),
  seed: option(0, whole(0)),
  sparse_step: option<SparseStep>(
    "parameter",
    word(sparseSteps, (key, value) => `${key} must be "parameter" or "row", got ${describe(value)}`),
  ),
};

/** Throws where common options do not go together. `oneCount`: whether all parameters have one count of steps. */
export function checkCommon({ sparse_step, lookahead }: CommonOptions, oneCount: boolean): void {
  if (sparse_step !== "row") return;
  const other = lookahead !== null ? "Lookahead counts the steps of whole parameters" : "all parameters have one count of steps";
  if (lookahead !== null || oneCount) throw typeError("ERR_INVALID_OPTION", `sparse_step: "row" is not possible here: ${other}`);
}

/** Options without those that say how a step runs and not what it computes: they are the caller's, and not saved. */
export function savedOptions<O extends object>(options: O): O {
  const { capturable: _, ...rest } = options as { capturable?: unknown };
  return rest as O;
}

/** Options without the common ones that have their default. */
export function publicDefaults<O extends object>(defaults: O): O {
  const isPlain = ([key, value]: [string, unknown]) => (commonOptions as Schema)[key]?.fallback === value;
  return Object.freeze(Object.fromEntries(Object.entries(defaults).filter((entry) => !isPlain(entry)))) as O;
}
