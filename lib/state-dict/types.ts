import type { CudaArray } from "../cuda/array";
import type { Floats, StateArray } from "../arrays/placement";
import type { Group, GroupExtras } from "../groups/group";
import type { Parameter } from "../parameter";
import type { Buffers, TrackedParameter } from "../step/tracked-parameter";

/** The state of one parameter. */
export interface State {
  /** How many updates this parameter has had. */
  readonly step: number;
  /** Lookahead's slow weights, with the option `lookahead`. */
  readonly slow_buffer?: Float32Array;
  /** The moving average, with the option `ema`. While it is swapped in, the values of the training. */
  readonly ema_buffer?: Float32Array;
  /** How many updates each row has had, with `sparse_step: "row"`, once a gradient was sparse. A copy. */
  readonly row_steps?: Uint32Array;
}

/** The state of a parameter whose arrays are A. */
export type StateOn<S extends State, A extends Floats> = A extends CudaArray
  ? { [Key in keyof S]: S[Key] extends Float32Array | undefined ? CudaArray : S[Key] }
  : S;

/** The state of a parameter of a group with `state_dtype: "bfloat16"`: its arrays are bit patterns, for `fromBFloat16`. */
export type StateIn16Bits<S extends State> = {
  [Key in keyof S]: Key extends keyof State ? S[Key] : S[Key] extends Float32Array | undefined ? Uint16Array : S[Key];
};

/** Where an optimizer shows the state of its parameters. */
export interface StateOf<S extends State> {
  get(parameter: Parameter<Float32Array, unknown>, dtype: "bfloat16"): StateIn16Bits<S> | undefined;
  /** @throws ERR_DTYPE where the state has another type: bfloat16 must be asked for, as its elements are no numbers */
  get<A extends Floats>(parameter: Parameter<A, unknown>, dtype?: "float32"): StateOn<S, A> | undefined;
}

export interface StateDict {
  /** Whose state this is. Absent in dicts that come from PyTorch. */
  optimizer?: string;
  version?: string;
  /** By parameter number, as `param_groups[].params` names them. A parameter that was never stepped has none. */
  state: Record<string, Record<string, unknown>>;
  param_groups: ({ params: number[] } & Record<string, unknown>)[];
}

/** How a dict is taken over. */
export interface LoadDictOptions {
  /**
   * Whether groups and parameters must be the same. With false what matches by the parameters' names is taken, in whichever group. Default
   * true.
   */
  strict?: boolean;
}

/** What was not taken with `strict: false`. Parameters are named by their names, or by their numbers where they have none. */
export interface LoadReport {
  /** The optimizer's parameters that the dict does not have. Their values and state stay. */
  readonly missing: readonly string[];
  /** The dict's parameters that the optimizer does not have. */
  readonly unexpected: readonly string[];
  /** The numbers of the optimizer's groups that keep their options: their parameters come from no group of the dict, or from several. */
  readonly keptOptions: readonly number[];
  /** The optimizer's parameters whose state has another type in the dict. To float32 it was widened, to bfloat16 rounded to nearest. */
  readonly converted: readonly string[];
}

/** The state of one parameter, as a dict has it. */
export interface LoadedState {
  readonly tracked: TrackedParameter;
  readonly steps: number;
  readonly noiseId: number | undefined;
  arrays: StateArray[];
  buffers: Buffers;
  readonly rowSteps: Uint32Array | null;
  /** Whether the dict says that the state arrays have not begun. */
  readonly unbegun: boolean;
}

/** A group, as a dict has it. */
export interface LoadedGroup<O extends object> {
  readonly group: Group<O>;
  readonly options: O;
  readonly extras: GroupExtras;
}

/** The content of a dict: fully checked, not yet applied. */
export interface Loaded<O extends object> {
  readonly groups: LoadedGroup<O>[];
  readonly states: LoadedState[];
  /** By which key each parameter that the dict has has its state there. */
  readonly trackedOf: ReadonlyMap<string, TrackedParameter>;
  readonly report: LoadReport;
}
