import { Adam, Lookahead, parameter, RangerAdaBelief, SGD, type Parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues } from "./helpers/golden";
import { thrownBy } from "./helpers/snapshot";

/** slow + alpha·(p − slow): the difference rounded, then product and sum together; a sum in double tells no difference here. */
const blend = (p: Float32Array, slow: Float32Array, alpha: number) =>
  p.map((value, i) => Math.fround(Math.fround(value - (slow[i] as number)) * Math.fround(alpha) + (slow[i] as number)));

const wrapped = (p: Parameter, options = {}) => new Lookahead(new SGD([p], { lr: 0.1 }), options);

describe("Lookahead", () => {
  onEveryBackend("blends into the slow weights after every k-th step, and goes on from there", () => {
    for (const [k, alpha] of [
      [1, 0.5],
      [3, 0.8],
      [6, 0],
    ] as const) {
      const [p, plain] = [parameter(initialValues()), parameter(initialValues())];
      const optimizer = wrapped(p, { k, alpha });
      const alone = new SGD([plain], { lr: 0.1 });
      let slow = initialValues();
      for (let step = 1; step <= 20; ++step) {
        p.grad = plain.grad = gradientsAt("normal", step);
        optimizer.step();
        alone.step();
        if (step % k === 0) plain.data.set((slow = blend(plain.data, slow, alpha)));
        expectSameBits(p.data, plain.data, `k ${k}, alpha ${alpha}: p at step ${step}`);
        expectSameBits(optimizer.state.get(p)?.slow_buffer as Float32Array, slow, `slow weights at step ${step}`);
      }
    }
  });

  it("counts each parameter's own steps", () => {
    const [one, other] = [parameter(new Float32Array(1)), parameter(new Float32Array(1))];
    const optimizer = new Lookahead(new SGD([one, other], { lr: 1 }), { k: 2, alpha: 0.5 });
    for (const present of [[one, other], [one], [one], [one, other]]) {
      for (const p of [one, other]) p.grad = present.includes(p) ? Float32Array.of(-1) : null;
      optimizer.step();
    }
    expect([one.data[0], other.data[0]]).toEqual([2, 1]); // four steps, halved twice; two steps, halved once
  });

  it("has k 6 and alpha 0.5 unless it is told otherwise", () => {
    expect(wrapped(parameter(new Float32Array(1))).paramGroups[0]?.lookahead).toEqual({ k: 6, alpha: 0.5 });
  });

  it("takes k, alpha and slow weights over from a state dict, and begins anew with one of the optimizer alone", () => {
    const p = parameter(initialValues(), { grad: gradientsAt("normal", 1) });
    const first = wrapped(p, { k: 4, alpha: 0.25 });
    first.step();
    const second = wrapped(p);
    second.loadStateDict(structuredClone(first.stateDict()));
    expect(second.stateDict()).toEqual(first.stateDict());
    const alone = new SGD([p], { lr: 0.1, momentum: 0.9 });
    alone.step();
    const third = new Lookahead(new SGD([p], { lr: 0.1 }), { k: 3 });
    third.loadStateDict(alone.stateDict());
    expect(third.state.get(p)).not.toHaveProperty("slow_buffer");
    const before = p.data.slice();
    third.step();
    expectSameBits(third.state.get(p)?.slow_buffer as Float32Array, before, "slow weights");
  });

  it("is put around an optimizer, once, and not around one that has it", () => {
    const p = parameter(new Float32Array(2));
    const adam = new Adam([p]);
    new Lookahead(adam, { k: 5 });
    expect(thrownBy(() => new Lookahead(adam)).message).toMatch(/^Adam has Lookahead already/);
    expect(adam.stateDict().param_groups[0]).toHaveProperty("lookahead", { k: 5, alpha: 0.5 });
    expect(thrownBy(() => new Lookahead(new RangerAdaBelief([p]))).message).toMatch(/^RangerAdaBelief has Lookahead already/);
    const outer = new Lookahead(new SGD([p]));
    expect(thrownBy(() => new Lookahead(outer as never))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(thrownBy(() => new Lookahead({ step: () => 0 } as never))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  });

  it.each([
    [{ k: 0 }, "ERR_INVALID_OPTION"],
    [{ k: 1.5 }, "ERR_INVALID_OPTION"],
    [{ alpha: 1.5 }, "ERR_INVALID_OPTION"],
    [{ alpha: Number.NaN }, "ERR_INVALID_OPTION"],
    [{ steps: 5 }, "ERR_UNKNOWN_OPTION"],
  ])("refuses %j", (options, code) => {
    expect(thrownBy(() => wrapped(parameter(new Float32Array(1)), options))).toMatchObject({ code });
  });
});
