export type { Centralize, CommonOptions, EmaOptions, LookaheadOptions, SparseStep, StateDtype } from "./common";
