// The recorded trajectories, through arrays on a device.
import { expectSameBits } from "../helpers/bits";
import { exactCases, golden, measuredCases, recorded } from "../helpers/golden";
import { onDevice, unaligned } from "../helpers/placement";
import { replay } from "../helpers/replay";

describe("on a device every step has PyTorch's bits", () => {
  it("covers the 29 recorded cases", () => expect(golden.cases).toHaveLength(29));

  it.each(golden.cases)("$id", (one) => {
    replay(
      one,
      (key, step, values) => expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`),
      onDevice(0),
    );
  });

  it.each(golden.cases.slice(0, 4))("$id, where no sixteen bytes begin", (one) => {
    replay(
      one,
      (key, step, values) => expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`),
      unaligned(0, 1),
    );
  });
});

describe("on a device the other optimizers have", () => {
  it.each(exactCases)("the reference's bits: $id", (one) => {
    replay(
      one,
      (key, step, values) => expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`),
      onDevice(0),
    );
  });

  it.each(measuredCases)("the host's bits, where the reference's differ from run to run: $id", (one) => {
    const wanted = new Map<string, Float32Array>();
    replay(one, (key, step, values) => void wanted.set(`${key} at step ${step}`, values));
    replay(
      one,
      (key, step, values) => {
        const what = `${key} at step ${step}`;
        expectSameBits(values, wanted.get(what) as Float32Array, `${one.id}: ${what}`);
      },
      onDevice(0),
    );
  });
});
