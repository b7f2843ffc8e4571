export type { Centralize, CommonOptions, EmaOptions, LookaheadOptions } from "./common";
