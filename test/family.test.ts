import { addon } from "../lib/native/engine";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { exactCases, initialValues, measuredCases, recorded, truth } from "./helpers/golden";
import { replay } from "./helpers/replay";

describe("the elementwise optimizers have the reference's bits", () => {
  it("covers 15 recorded cases of 8 optimizers", () => {
    expect(exactCases).toHaveLength(15);
    expect(new Set(exactCases.map(({ optimizer }) => optimizer)).size).toBe(8);
  });

  describe.each(exactCases)("$id", (one) => {
    onEveryBackend("at every snapshot", (backend) => {
      replay(one, (key, step, values) => {
        expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`);
      });
      expect(addon.lastRan()).toBe(backend);
    });
  });
});

/** How far values lie from the truth, relative to its size: the largest, and the root of the mean square. */
function deviation(values: Float32Array, wanted: Float64Array, scaleOf: (index: number) => number): { max: number; rms: number } {
  let max = 0;
  let squares = 0;
  values.forEach((value, i) => {
    const error = Math.abs(value - (wanted[i] as number)) / scaleOf(i);
    max = Math.max(max, error);
    squares += error ** 2;
  });
  return { max, rms: Math.sqrt(squares / values.length) };
}

describe("the TensorFlow rules, and optimizers with a reduction, lose hardly more than PyTorch's own float32", () => {
  it("covers 15 recorded cases", () => {
    expect(measuredCases).toHaveLength(15);
  });

  describe.each(measuredCases)("$id", (one) => {
    onEveryBackend("rms at most 1.5 times, max at most 3 times its loss, and 1e-7 for rounding", (backend) => {
      const start = initialValues();
      replay(one, (key, step, values) => {
        const wanted = truth(one.id, key, step);
        const scaleOf = (i: number) =>
          key === "p" ? Math.abs(wanted[i] as number) + Math.abs(start[i] as number) : 2 * Math.abs(wanted[i] as number) + 1e-30;
        const { max, rms } = deviation(values, wanted, scaleOf);
        const torch = one.torch_float32_error?.[`${key}/${step}`] as { max: number; rms: number };
        const where = `${key} at step ${step}`;
        expect({ where, rms, tooMuch: !(rms <= 1.5 * torch.rms + 1e-7) }).toMatchObject({ where, tooMuch: false });
        expect({ where, max, tooMuch: !(max <= 3 * torch.max + 1e-7) }).toMatchObject({ where, tooMuch: false });
      });
      expect(addon.lastRan()).toBe(backend);
    });
  });
});
