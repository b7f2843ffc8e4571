import { AdaBound, parameter, StepLR, type AdaBoundOptions } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues } from "./helpers/golden";
import { thrownBy } from "./helpers/snapshot";

const make = (options: AdaBoundOptions, data = initialValues()) => {
  const p = parameter(data);
  return { p, optimizer: new AdaBound([p], options) };
};

function run({ p, optimizer }: ReturnType<typeof make>, from: number, to: number, schedule?: StepLR): void {
  for (let step = from; step <= to; ++step) {
    p.grad = gradientsAt("normal", step);
    optimizer.step();
    schedule?.step();
  }
}

describe("AdaBound's bounds", () => {
  it("stay in proportion to the first lr in an optimizer that was made with another, once it has loaded the state", () => {
    const through = make({ lr: 0.01, gamma: 0.5 });
    const schedule = new StepLR(through.optimizer, { step_size: 4, gamma: 0.1 });
    run(through, 1, 6, schedule);
    const resumed = make({}, through.p.data.slice());
    resumed.optimizer.loadStateDict(through.optimizer.stateDict());
    expect(resumed.optimizer.paramGroups[0]).toMatchObject({ lr: 0.001, base_lr: 0.01 });
    run(through, 7, 20);
    run(resumed, 7, 20);
    expectSameBits(resumed.p.data, through.p.data, "p at step 20");
  });

  it("keep their base_lr with a dict of the published class, which has none", () => {
    const { optimizer } = make({ lr: 0.01 });
    const { base_lr: _, ...group } = optimizer.stateDict().param_groups[0] as { params: number[]; base_lr: number };
    optimizer.loadStateDict({ state: {}, param_groups: [{ ...group, lr: 0.002 }] });
    expect(optimizer.paramGroups[0]).toMatchObject({ lr: 0.002, base_lr: 0.01 });
  });

  it("belong to each group's own lr, or to the base_lr that is given", () => {
    const [one, other, third] = [1, 2, 3].map(() => parameter(new Float32Array(2)));
    const optimizer = new AdaBound([{ params: one as object }, { params: other as object, lr: 0.5 }] as never, { lr: 0.25 });
    optimizer.addParamGroup({ params: third as never, lr: 0, base_lr: 0.125 });
    expect(optimizer.paramGroups.map(({ base_lr }) => base_lr)).toEqual([0.25, 0.5, 0.125]);
  });

  it("are 0 at lr 0, and a group that began there refuses a larger lr", () => {
    const { p, optimizer } = make({ lr: 0 });
    run({ p, optimizer }, 1, 3);
    expectSameBits(p.data, initialValues(), "p");
    (optimizer.paramGroups[0] as { lr: number }).lr = 1e-3;
    const error = thrownBy(() => optimizer.step());
    expect(error.code).toBe("ERR_INVALID_OPTION");
    expect(error.message).toMatch(/give it a base_lr/);
    expectSameBits(p.data, initialValues(), "p");
  });

  it.each([1, 2, -0.1, Number.NaN])("refuse the gamma %d, which is not in [0, 1)", (gamma) => {
    expect(thrownBy(() => make({ gamma }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
      message: `Invalid gamma parameter: ${gamma}`,
    });
  });
});
