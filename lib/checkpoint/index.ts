export type { CheckpointSource, LoadStateOptions } from "./load";
export type { SaveStateOptions } from "./save";
