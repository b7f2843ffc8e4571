export type { LoadStateOptions } from "./load";
export type { SaveStateOptions } from "./save";
