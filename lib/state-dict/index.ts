export { letGo, readStateDict } from "./read";
export type { Loaded, LoadDictOptions, LoadReport, State, StateDict, StateIn16Bits, StateOf, StateOn } from "./types";
export { namesOf, readNames } from "./names";
export { copies, requirePublished, widenedCopies, writeStateDict, type StateSource } from "./write";
