import { fromBFloat16 } from "../../lib";
import { Training, type Form } from "./family";

/** Training whose state is bfloat16. */
export class HalfTraining extends Training {
  constructor(form: Form, options: Form["options"] = {}) {
    super({ ...form, options: { ...form.options, state_dtype: "bfloat16", ...options } });
  }

  /** Values and state, widened. */
  override get everything(): [string, Float32Array][] {
    return this.params.flatMap((p, k) => {
      const state = Object.entries(this.optimizer.state.get(p, "bfloat16") ?? {});
      return [["data", p.data] as const, ...state].map(([key, value]): [string, Float32Array] => [
        `${key} of parameter ${k}`,
        value instanceof Uint16Array
          ? fromBFloat16(value)
          : typeof value === "number"
            ? Float32Array.of(value)
            : (value as Float32Array),
      ]);
    });
  }
}
