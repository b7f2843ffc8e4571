export { letGo, readStateDict } from "./read";
export type { Loaded, LoadDictOptions, LoadReport, State, StateDict, StateOf, StateOn } from "./types";
export { namesOf, readNames } from "./names";
export { copies, requirePublished, writeStateDict, type StateSource } from "./write";
