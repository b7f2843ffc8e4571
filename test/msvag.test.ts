import { MSVAG, parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues } from "./helpers/golden";

describe("MSVAG", () => {
  // Of these 0.7 and 0.8 tell in which order the factors of ρ are taken.
  describe.each([false, true])("with consistent_bias_correction %s", (consistent_bias_correction) => {
    it.each([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])("makes no first step at β1 = %d: there ρ is 1, to the last bit", (beta1) => {
      const p = parameter(initialValues(), { grad: gradientsAt("normal", 1) });
      const optimizer = new MSVAG([p], { betas: [beta1, 0.999], consistent_bias_correction });
      optimizer.step();
      expectSameBits(p.data, initialValues(), "p after one step");
      p.grad = gradientsAt("normal", 2);
      optimizer.step();
      expect([...p.data]).not.toEqual([...initialValues()]);
    });
  });
});
