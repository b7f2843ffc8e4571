export type { Centralize, CommonOptions, LookaheadOptions, SparseStep } from "./common";
