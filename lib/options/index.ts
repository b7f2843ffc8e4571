export type { Centralize, CommonOptions, LookaheadOptions } from "./common";
