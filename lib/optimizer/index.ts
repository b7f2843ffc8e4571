export { Lookahead, type LookaheadState } from "./lookahead";
export { Optimizer } from "./optimizer";
export type { ZeroGradOptions } from "./zero-grad";
