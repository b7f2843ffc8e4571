import type { Variable } from "@tensorflow/tfjs-core";
import { refuse } from "./saved";

/** What the optimizer keeps for one variable. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whose state it is; null: state that was loaded, and that no variable has claimed yet. */
  readonly variable: Variable | null;
  /** Of loaded state: the variable that it seems to be of. When that is disposed of, the state is let go of. */
  owner?: Variable | undefined;
  /** m, v, and with amsgrad the largest v. Empty before the first update. */
  arrays: readonly Float32Array[];
}

const text = (shape: readonly number[]) => `[${shape.join(", ")}]`;

/** Refuses loaded state. `why` says how it differs. */
export const refuseState = (why: string) => refuse(`The loaded state is that of other variables: ${why}`);

/** Refuses state of another shape than its variable. */
export const refuseShape = ({ name, shape }: Variable, slot: Slot) =>
  refuseState(`${slot.name} of ${text(slot.shape)} does not fit ${name} of ${text(shape)}`);
