export type { StepOptions, StepReport } from "./step-options";
export { update, type UpdateArrays } from "./update";
