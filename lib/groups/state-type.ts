// The option `state_dtype`, as far as it depends on a group's parameters.
import { dtypeOf, type StateArray } from "../arrays/placement";
import { rangeError, typeError } from "../errors";
import { host } from "../native/engine";
import type { StateDtype } from "../options/common";
import type { TrackedParameter } from "../step/tracked-parameter";

/** Refuses a type that the state of these parameters does not have, or cannot have where they lie. */
export function requireStateDtype(dtype: StateDtype, parameters: readonly TrackedParameter[]): void {
  for (const { label, place, states } of parameters) {
    if (dtype !== "float32" && place !== host) {
      const what = `${label} lies on a CUDA device, where state_dtype must be "float32"`;
      throw rangeError("ERR_INVALID_OPTION", `${what}, got ${JSON.stringify(dtype)}`);
    }
    if (states.length === 0 || dtypeOf(states[0] as StateArray) === dtype) continue;
    const advice = "call reset() first, or load its state dict into an optimizer that has the other type";
    throw typeError(
      "ERR_DTYPE",
      `${label} has ${dtypeOf(states[0] as StateArray)} state: state_dtype cannot become ${JSON.stringify(dtype)}; ${advice}`,
    );
  }
}
