import { EAdam, parameter } from "../lib";

/** The state after three steps over a gradient of zeros. */
function stateOfThree(options: { amsgrad: boolean }) {
  const p = parameter(Float32Array.of(1), { grad: Float32Array.of(0) });
  const optimizer = new EAdam([p], { eps: 1, betas: [0.9, 0.5], ...options });
  for (let step = 0; step < 3; ++step) optimizer.step();
  return optimizer.state.get(p);
}

describe("EAdam", () => {
  it("keeps eps in the mean square, where it accumulates", () => {
    expect(stateOfThree({ amsgrad: false })?.exp_avg_sq[0]).toBe(1 + 0.5 + 0.25);
  });

  it("keeps eps out of it with amsgrad", () => {
    const state = stateOfThree({ amsgrad: true });
    expect(state?.exp_avg_sq[0]).toBe(0);
    expect(state?.max_exp_avg_sq?.[0]).toBe(0);
  });
});
