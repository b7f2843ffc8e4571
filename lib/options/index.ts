export type { Centralize, CommonOptions, EmaOptions, LookaheadOptions, SparseStep } from "./common";
