export type { GroupExtras, GroupOf, ParamGroup, Params } from "./group";
