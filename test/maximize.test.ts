// `maximize`, which every optimizer has: a step with it is a step with the gradients' signs changed.
import { Adam, parameter, SGD, update, type Parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { forms, make, Training, type AnyOptimizer, type Form } from "./helpers/family";
import { gradientsAt, initialValues } from "./helpers/golden";
import { thrownBy } from "./helpers/snapshot";

/** The same training towards the maximum. */
class Climb extends Training {
  constructor(form: Form) {
    super({ ...form, options: { ...form.options, maximize: true } });
  }
  override prepare(): void {
    super.prepare(-1);
  }
}

describe.each(forms.filter(({ options }) => options["maximize"] === undefined))("$title with maximize", (form) => {
  it.each([
    ["", {}],
    [", scaled and clipped", { gradScale: 0.25, maxGradNorm: 0.5, skipNonFinite: true }],
  ])("has the bits of a step with gradients of the other sign%s", (_, options) => {
    const [down, up] = [new Training(form), new Climb(form)];
    for (let step = 0; step < 8; ++step) {
      down.prepare();
      up.prepare();
      expect(up.optimizer.step(options)).toEqual(down.optimizer.step(options));
    }
    expect(up.everything.map(([key]) => key)).toEqual(down.everything.map(([key]) => key));
    up.everything.forEach(([key, array], k) => expectSameBits(array, (down.everything[k] as [string, Float32Array])[1], key));
  });
});

describe("maximize", () => {
  const one = () => parameter(Float32Array.of(1), { grad: Float32Array.of(1) });

  it("moves a parameter along its gradient", () => {
    const p = one();
    new SGD([p], { lr: 0.1, maximize: true }).step();
    expect(p.data[0]).toBe(Math.fround(1 + Math.fround(0.1)));
  });

  it("belongs to a group, and is live", () => {
    const [up, down] = [one(), one()];
    const optimizer = new SGD([{ params: up, maximize: true }, { params: down }], { lr: 0.5 });
    optimizer.step();
    expect([up.data[0], down.data[0]]).toEqual([1.5, 0.5]);
    for (const group of optimizer.paramGroups) group.maximize = !group.maximize;
    optimizer.step();
    expect([up.data[0], down.data[0]]).toEqual([1, 1]);
  });

  it("is obeyed in a dict of PyTorch, and saved in one of our own", () => {
    const p = one();
    const optimizer = new SGD([p], { lr: 0.1 });
    const { state, param_groups } = optimizer.stateDict();
    optimizer.loadStateDict({ state, param_groups: param_groups.map((group) => ({ ...group, maximize: true })) });
    expect(optimizer.paramGroups[0]?.maximize).toBe(true);
    expect(optimizer.stateDict().param_groups[0]).toHaveProperty("maximize", true);
    expect(optimizer.stateDict({ pytorch: true }).param_groups[0]).toHaveProperty("maximize", true);
    optimizer.loadStateDict(new SGD([one()], { lr: 0.1 }).stateDict());
    expect(optimizer.paramGroups[0]?.maximize).toBe(false);
  });

  it("is obeyed by update", () => {
    const step = (sign: number, maximize: boolean) => {
      const grad = gradientsAt("normal", 1).map((g) => sign * g);
      const arrays = {
        data: initialValues(),
        grad,
        exp_avg: new Float32Array(grad.length),
        exp_avg_var: new Float32Array(grad.length),
      };
      update({ ...arrays, step: 1, weight_decay: 0.1, maximize });
      return arrays.data;
    };
    expectSameBits(step(-1, true), step(1, false), "data");
  });

  it.each([
    [1, "ERR_INVALID_OPTION"],
    ["true", "ERR_INVALID_OPTION"],
    [null, "ERR_INVALID_OPTION"],
  ])("cannot be %j", (maximize, code) => {
    expect(thrownBy(() => new Adam([one()], { maximize: maximize as never }))).toMatchObject({ code });
  });
});

/** Classes of PyTorch 1.13 that have `maximize`. */
const obeying = ["SGD", "Adam", "AdamW"];

describe("stateDict({ pytorch: true })", () => {
  const named = [...new Map(forms.map((form) => [form.optimizer, form])).values()];

  it.each(named)("of $optimizer refuses by name what the published class would not obey", (form) => {
    const p: Parameter = parameter(new Float32Array(4), { grad: new Float32Array(4).fill(1), shape: [2, 2] });
    const bare: Form = { title: form.title, optimizer: form.optimizer, options: {} };
    const refused = [
      ...(obeying.includes(form.optimizer) ? [] : [{ maximize: true }]),
      ...(form.optimizer === "RangerAdaBelief" ? [] : [{ centralize: "all" }, { lookahead: { k: 2 } }]),
    ];
    for (const options of refused) {
      const optimizer: AnyOptimizer = make({ ...bare, options }, [p]);
      const error = thrownBy(() => optimizer.stateDict({ pytorch: true }));
      expect(error).toMatchObject({
        code: "ERR_STATE_DICT",
        message: expect.stringContaining(Object.keys(options)[0] as string) as string,
      });
      expect(optimizer.stateDict().param_groups[0]).toMatchObject(options);
    }
    expect(() => make(bare, [p]).stateDict({ pytorch: true })).not.toThrow();
  });
});
