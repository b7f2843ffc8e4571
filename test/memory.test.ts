import { AdaBelief, cpu, parameter, type AdaBeliefState } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { resultOf } from "./helpers/script";
import { thrownBy } from "./helpers/snapshot";

describe("cpu.allocate", () => {
  it.each([0, 1, 1000, 1_000_003])("gives %d zeros", (length) => {
    const array = cpu.allocate(length);
    expect(array).toHaveLength(length);
    expect(array.every((value) => value === 0)).toBe(true);
    array.fill(1);
    expect(array.every((value) => value === 1)).toBe(true);
  });

  it("gives memory that an optimizer uses like any other", () => {
    const values = Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i));
    const [ours, theirs] = [cpu.allocate(values.length), values.slice()];
    ours.set(values);
    const grads = [cpu.allocate(values.length).fill(0.5), new Float32Array(values.length).fill(0.5)];
    new AdaBelief([parameter(ours, { grad: grads[0] as Float32Array })]).step();
    new AdaBelief([parameter(theirs, { grad: grads[1] as Float32Array })]).step();
    expectSameBits(ours, theirs, "after a step");
  });

  it("gives memory that cannot be transferred away", () => {
    const array = cpu.allocate(1000);
    try {
      structuredClone(array, { transfer: [array.buffer as ArrayBuffer] }); // copies, or throws: Node's versions differ
    } catch (error) {
      expect(error).toHaveProperty("name", "DataCloneError");
    }
    expect(array).toHaveLength(1000);
  });

  it("reports its memory to V8, and gives it back", () => {
    const code = `
      const settle = async () => { for (let i = 0; i < 6; ++i) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); } };
      (async () => {
        await settle();
        const before = process.memoryUsage();
        let array = adabelief.cpu.allocate(25e6).fill(1);
        const during = process.memoryUsage();
        array = null;
        await settle();
        const after = process.memoryUsage();
        console.log(JSON.stringify([during.external - before.external >= 1e8, during.rss - before.rss > 9e7,
          after.external - before.external < 1e6, after.rss - before.rss < 2e7]));
      })();`;
    expect(resultOf(code, { flags: ["--expose-gc"] })).toEqual([true, true, true, true]);
  });

  it.each([
    [-1, "ERR_LENGTH"],
    [1.5, "ERR_LENGTH"],
    [Number.NaN, "ERR_LENGTH"],
    ["3" as never, "ERR_LENGTH"],
    [2 ** 50, "ERR_OUT_OF_MEMORY"],
    [Number.MAX_SAFE_INTEGER, "ERR_OUT_OF_MEMORY"],
    [1e30, "ERR_LENGTH"],
  ])("refuses %p: %s", (length, code) => {
    expect(thrownBy(() => cpu.allocate(length))).toMatchObject({ code });
  });
});

describe("the state of a large parameter", () => {
  it("is an array of its own, at the parameter's place within a cache line", () => {
    const whole = new Float32Array(200_000);
    for (const offset of [0, 1, 5, 15]) {
      const p = parameter(whole.subarray(offset, offset + 40_000), { grad: new Float32Array(40_000) });
      const optimizer = new AdaBelief([p]);
      optimizer.step();
      const { exp_avg, exp_avg_var } = optimizer.state.get(p) as AdaBeliefState;
      expect(exp_avg.buffer).not.toBe(exp_avg_var.buffer);
      expect(exp_avg.byteLength).toBe(exp_avg.buffer.byteLength);
    }
  });
});
