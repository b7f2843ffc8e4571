import type { CudaArray } from "../cuda/array";
import type { Floats } from "../arrays/placement";
import type { Group, GroupExtras } from "../groups/group";
import type { Parameter } from "../parameter";
import type { TrackedParameter } from "../step/tracked-parameter";

/** The state of one parameter. */
export interface State {
  /** How many updates this parameter has had. */
  readonly step: number;
  /** Lookahead's slow weights, with the option `lookahead`. */
  readonly slow_buffer?: Float32Array;
}

/** The state of a parameter whose arrays are A. */
export type StateOn<S extends State, A extends Floats> = A extends CudaArray
  ? { [Key in keyof S]: S[Key] extends Float32Array | undefined ? CudaArray : S[Key] }
  : S;

/** Where an optimizer shows the state of its parameters. */
export interface StateOf<S extends State> {
  get<A extends Floats>(parameter: Parameter<A>): StateOn<S, A> | undefined;
}

export interface StateDict {
  /** Whose state this is. Absent in dicts that come from PyTorch. */
  optimizer?: string;
  version?: string;
  /** By parameter number, as `param_groups[].params` names them. A parameter that was never stepped has none. */
  state: Record<string, Record<string, unknown>>;
  param_groups: ({ params: number[] } & Record<string, unknown>)[];
}

/** The state of one parameter, as a dict has it. */
export interface LoadedState {
  readonly tracked: TrackedParameter;
  readonly steps: number;
  arrays: Floats[];
  slow: Floats | null;
  /** Whether the dict says that the state arrays have not begun. */
  readonly unbegun: boolean;
}

/** A group, as a dict has it. */
export interface LoadedGroup<O extends object> {
  readonly group: Group<O>;
  readonly options: O;
  readonly extras: GroupExtras;
  /** By which key each parameter of the group has its state in the dict. */
  readonly keys: readonly string[];
  /** Whether the dict says that there is Lookahead: then a state without slow weights is damaged. */
  readonly withSlow: boolean;
}

/** The content of a dict: fully checked, not yet applied. */
export interface Loaded<O extends object> {
  readonly groups: LoadedGroup<O>[];
  readonly states: LoadedState[];
}
