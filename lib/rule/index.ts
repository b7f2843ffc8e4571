export {
  defineRanger,
  defineRule,
  option,
  withoutDefault,
  type LiveOptionsOf,
  type OptionsOf,
  type Rule,
  type Step,
  type Values,
} from "./rule";
export type { Program, Value } from "./program";
export type { Resolved, Slots } from "./slots";
