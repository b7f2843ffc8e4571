export { letGo, readStateDict } from "./read";
export type { Loaded, LoadDictOptions, LoadReport, State, StateDict, StateOf, StateOn } from "./types";
export { namesOf, readNames } from "./names";
export { requirePublished, writeStateDict } from "./write";
