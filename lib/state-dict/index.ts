export { letGo, readStateDict } from "./read";
export type { Loaded, State, StateDict, StateOf, StateOn } from "./types";
export { requirePublished, writeStateDict } from "./write";
