// What the base promises holds for every optimizer, in every form that stores or runs something else.
import { clipGradNorm, cpu, Lookahead, parameter, StepLR } from "../lib";
import { addon } from "../lib/native/engine";
import { ruleOf } from "../lib/rule/rule";
import { onEveryBackend } from "./helpers/backends";
import { itNatively, onWasm } from "./helpers/engine";
import { expectSameBits } from "./helpers/bits";
import { classOf, forms, make, optimizerNames, Training, type Form } from "./helpers/family";
import { temporaryFolder } from "./helpers/folder";
import { snapshot, thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();

/** Both have the same values and state, to the last bit, but for the count of steps where `counts` is false. */
function expectSame(one: Training, other: Training, { counts = true } = {}): void {
  const keep = ([key]: [string, unknown]) => counts || !key.startsWith("step ");
  const [ours, theirs] = [one.everything.filter(keep), other.everything.filter(keep)];
  expect(ours.map(([key]) => key)).toEqual(theirs.map(([key]) => key));
  ours.forEach(([key, array], k) => expectSameBits(array, (theirs[k] as (typeof theirs)[number])[1], key));
}

/** A training with the values of another, and an optimizer that knows nothing of its options. */
function bareCopy(from: Training): Training {
  const copy = new Training(from.form);
  copy.params.forEach(({ data }, k) => data.set((from.params[k] as (typeof from.params)[number]).data));
  copy.optimizer = make(from.form, copy.groups, {});
  copy.step = from.step;
  return copy;
}

const all = (training: Training) => snapshot(training.optimizer as never, training.params);

it("is asked of every optimizer that there is", () => {
  expect(new Set(forms.map(({ optimizer }) => optimizer))).toEqual(new Set(optimizerNames));
  expect(optimizerNames.length).toBeGreaterThanOrEqual(11);
});

describe.each(forms.map((form) => [form.title, form] as [string, Form]))("%s", (_, form) => {
  const compare = (backend: string) => {
    const reference = () => {
      cpu.backend = "scalar";
      return new Training(form).run(8);
    };
    const wanted = reference();
    cpu.backend = backend;
    expectSame(new Training(form).run(8), wanted);
  };
  const sentence = "has the bits of one thread of the scalar backend";
  if (onWasm) itNatively("another backend", sentence, () => undefined);
  else onEveryBackend(sentence, compare);

  it("moves every parameter that has a gradient", () => {
    const training = new Training(form).run(2);
    const before = new Training(form);
    training.params.forEach(({ data }, k) => {
      if (data.length > 0) expect([...data]).not.toEqual([...(before.params[k] as { data: Float32Array }).data]);
    });
  });

  it("keeps a state for every parameter, with the arrays of its declaration", () => {
    const training = new Training(form).run(2);
    const inner = training.optimizer instanceof Lookahead ? training.optimizer.optimizer : training.optimizer;
    const { states, formula, makeStep } = ruleOf(inner);
    const values = inner.paramGroups[0] as never;
    const variant = makeStep()(values, new Float32Array(addon.maxCoefficients), 1, true);
    const count = addon.formulas[formula]?.states[variant] as number;
    const slow =
      form.lookahead !== undefined || form.options["lookahead"] !== undefined || ruleOf(inner).lookahead !== undefined
        ? ["slow_buffer"]
        : [];
    const counts = training.params.map((p) => {
      const state = training.optimizer.state.get(p) as unknown as Record<string, Float32Array> | undefined;
      const { step, ...arrays } = state ?? { step: undefined };
      const keys = Object.keys(arrays);
      expect(keys).toEqual([...states.slice(0, count), ...slow, ...(form.options["ema"] === undefined ? [] : ["ema_buffer"])]);
      for (const array of Object.values(arrays)) expect(array).toHaveLength(p.data.length);
      if (keys.length > 0) expect(step).toBe(2);
      return keys.length;
    });
    expect(new Set(counts).size).toBe(1);
  });

  it("goes on from a state dict, in an optimizer with other options, as if there had been no pause", () => {
    const through = new Training(form).run(5);
    const resumed = bareCopy(through);
    resumed.optimizer.loadStateDict(structuredClone(through.optimizer.stateDict()));
    expect(resumed.optimizer.stateDict()).toEqual(through.optimizer.stateDict());
    expectSame(resumed.run(5), through.run(5), { counts: false });
  });

  it("goes on from a checkpoint as if there had been no pause", async () => {
    const through = new Training(form).run(5);
    await through.optimizer.saveState(at(form.title), { parameters: true });
    const resumed = bareCopy(through);
    resumed.params.forEach(({ data }) => data.fill(9));
    await resumed.optimizer.loadState(at(form.title), { parameters: true });
    expectSame(resumed.run(5), through.run(5), { counts: false });
  });

  it("steps on another thread with the same bits, and clipped there too", async () => {
    const [here, there] = [new Training(form), new Training(form)];
    for (let step = 1; step <= 6; ++step) {
      const options = step % 2 === 0 ? { maxGradNorm: 0.5, gradScale: 0.25 } : {};
      here.prepare();
      there.prepare();
      const report = here.optimizer.step(options);
      expect(await there.optimizer.stepAsync(options)).toEqual(report);
    }
    expectSame(there, here);
  });

  it("sees gradients scaled and clipped as if they had been before, and writes to none of them", () => {
    const [inside, outside] = [new Training(form), new Training(form)];
    for (let step = 1; step <= 6; ++step) {
      inside.prepare();
      outside.prepare(1 / 4);
      const gradients = inside.params.map(({ grad }) => grad?.slice());
      const { gradNorm } = inside.optimizer.step({ gradScale: 1 / 4, maxGradNorm: 0.5 });
      expect(gradNorm).toBe(clipGradNorm(outside.params, 0.5));
      expect(gradNorm).toBeGreaterThan(0.5);
      outside.optimizer.step();
      inside.params.forEach(({ grad }, k) => {
        if (grad) expectSameBits(grad, gradients[k] as Float32Array, `gradient ${k}`);
      });
    }
    expectSame(inside, outside);
  });

  it.each([0, 2])("leaves a step out whose gradients are not finite, after %d others, without a trace", (others) => {
    const [skipping, plain] = [new Training(form).run(others), new Training(form).run(others)];
    skipping.prepare();
    (skipping.params[0]?.grad as Float32Array)[3] = Infinity;
    const before = all(skipping);
    expect(skipping.optimizer.step({ skipNonFinite: true })).toEqual({ updated: 0, skipped: true, gradNorm: Infinity });
    expect(all(skipping)).toEqual(before);
    skipping.step -= 1;
    expectSame(skipping.run(3), plain.run(3));
  });

  it("follows a schedule as if lr had been set by hand", () => {
    const [scheduled, byHand] = [new Training(form), new Training(form)];
    const schedule = new StepLR(scheduled.optimizer, { step_size: 2, gamma: 0.5 });
    const first = scheduled.optimizer.paramGroups[0]?.lr as number;
    for (let step = 1; step <= 6; ++step) {
      scheduled.run(1);
      schedule.step();
      byHand.run(1);
      for (const group of byHand.optimizer.paramGroups) group.lr = first * 0.5 ** Math.floor(step / 2);
    }
    expectSame(scheduled, byHand);
  });

  it("skips a parameter without a gradient whole", () => {
    const training = new Training(form).run(2);
    training.prepare();
    (training.params[1] as { grad: unknown }).grad = null;
    const of = () => {
      const [p] = training.params.slice(1, 2) as [(typeof training.params)[number]];
      return [[...p.data], JSON.stringify(training.optimizer.state.get(p))];
    };
    const before = of();
    expect(training.optimizer.step().updated).toBe(training.params.length - 1);
    expect(of()).toEqual(before);
  });

  it("writes its result to `out` and leaves data alone", () => {
    const [elsewhere, inPlace] = [new Training(form).run(1), new Training(form).run(1)];
    const before = elsewhere.params.map(({ data }) => data.slice());
    const outs = elsewhere.params.map((p) => (p.out = new Float32Array(p.data.length)));
    elsewhere.run(1);
    inPlace.run(1);
    elsewhere.params.forEach(({ data }, k) => {
      expectSameBits(data, before[k] as Float32Array, `data ${k}`);
      expectSameBits(outs[k] as Float32Array, inPlace.params[k]?.data as Float32Array, `out ${k}`);
    });
  });

  it("begins anew after reset", () => {
    const [again, once] = [new Training(form).run(4), new Training(form)];
    once.params.forEach(({ data }, k) => data.set((again.params[k] as { data: Float32Array }).data));
    again.optimizer.reset();
    again.step = 0;
    expectSame(again.run(4), once.run(4));
  });

  it("throws a coded error for invalid input and changes nothing", () => {
    const training = new Training(form).run(2);
    training.prepare();
    const { optimizer, params } = training;
    const grad = params[2]?.grad as Float32Array;
    const expectRefusal = (code: string, act: () => unknown) => {
      const before = all(training);
      expect(thrownBy(act).code).toBe(code);
      expect(all(training)).toEqual(before);
    };
    (params[2] as { grad: unknown }).grad = new Float32Array(1);
    expectRefusal("ERR_LENGTH", () => optimizer.step());
    (params[2] as { grad: unknown }).grad = new Float64Array(grad.length);
    expectRefusal("ERR_NOT_FLOAT32", () => optimizer.step());
    (params[2] as { grad: unknown }).grad = params[2]?.data;
    expectRefusal("ERR_OVERLAP", () => optimizer.step());
    (params[2] as { grad: unknown }).grad = grad;
    const group = optimizer.paramGroups[0] as unknown as Record<string, unknown>;
    for (const wrong of [-1, Number.NaN, "0.1", null, undefined]) {
      expectRefusal("ERR_INVALID_OPTION", () => (group["lr"] = wrong));
    }
    group["learningRate"] = 1;
    expectRefusal("ERR_UNKNOWN_OPTION", () => optimizer.step());
    delete group["learningRate"];
    expectRefusal("ERR_STATE_DICT", () => optimizer.loadStateDict({ ...optimizer.stateDict(), optimizer: "Nobody" }));
    expectRefusal("ERR_STATE_DICT", () => optimizer.loadStateDict({ ...optimizer.stateDict(), param_groups: [] }));
    expectRefusal("ERR_DUPLICATE_PARAMETER", () => optimizer.addParamGroup({ params: params[0] as never }));
    optimizer.step();
  });
});

describe.each(optimizerNames)("%s", (name) => {
  it("refuses options that it does not have, and names those that are meant", () => {
    const made = (options: object) => thrownBy(() => new (classOf(name))([parameter(new Float32Array(1))], options as never));
    expect(made({ learningRate: 1 }).message).toMatch(/has no option "learningRate": did you mean "lr"\?$/);
    expect(made({ wings: 2 }).message).toMatch(/has no option "wings": it has lr/);
    expect(made({ lr: -1 }).message).toBe("Invalid learning rate: -1");
  });

  it("shows its options, and its defaults in every group that says nothing else", () => {
    const optimizer = new (classOf(name))([{ params: [parameter(new Float32Array(1))] }], {});
    expect(optimizer.paramGroups[0]).toMatchObject(optimizer.defaults);
    expect(Object.keys(optimizer.defaults)).toContain("lr");
  });
});

describe("defaults are those of the published classes, and of the experiments where these say nothing", () => {
  const adaptive = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0 };
  it.each<[string, object]>([
    ["AdaBelief", { ...adaptive, amsgrad: false, weight_decouple: false, fixed_decay: false, rectify: false }],
    ["AdaBound", { ...adaptive, final_lr: 0.1, gamma: 1e-3, amsbound: false }],
    ["Adam", { ...adaptive, amsgrad: false }],
    ["AdamW", { ...adaptive, weight_decay: 1e-2, amsgrad: false }],
    ["Fromage", { lr: 1e-2 }],
    ["Lion", { lr: 1e-4, betas: [0.9, 0.99], weight_decay: 0 }],
    ["MSVAG", { lr: 0.1, betas: [0.9, 0.999], weight_decay: 0, consistent_bias_correction: false }],
    ["RAdam", { ...adaptive, degenerated_to_sgd: true }],
    [
      "RangerAdaBelief",
      {
        ...{ ...adaptive, betas: [0.95, 0.999], eps: 1e-5, alpha: 0.5, k: 6, N_sma_threshhold: 5 },
        ...{ use_gc: true, gc_conv_only: false, gc_loc: true, adabelief: true, weight_decouple: true },
      },
    ],
    ["SGD", { lr: 1e-3, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false }],
    ["Yogi", { ...adaptive, lr: 1e-2, eps: 1e-3, initial_accumulator: 1e-6 }],
  ])("%s", (name, wanted) => {
    expect(new (classOf(name))([parameter(new Float32Array(1))], {}).defaults).toEqual(wanted);
  });
});

describe("a length of the moving average below 4, from which no step size follows, is refused", () => {
  it.each<[string, object]>([
    ["RangerAdaBelief", { N_sma_threshhold: 3.9 }],
    ["AdaBelief", { version: "tf-0.2.1", sma_threshold: 3 }],
  ])("by %s: %j", (name, options) => {
    const error = thrownBy(() => new (classOf(name))([parameter(new Float32Array(1))], options as never));
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(error.message).toMatch(/must be a number from 4, got 3/);
  });

  it.each<[string, object]>([
    ["RangerAdaBelief", { N_sma_threshhold: 4 }],
    ["AdaBelief", { version: "tf-0.2.1", sma_threshold: 4 }],
  ])("but not 4 itself, by %s", (name, options) => {
    const p = parameter(new Float32Array(3));
    const optimizer = new (classOf(name))([p], options as never);
    for (let step = 1; step <= 12; ++step) {
      p.grad = Float32Array.of(1, -0.5, step);
      optimizer.step();
    }
    expect(p.data.every(Number.isFinite)).toBe(true);
  });
});
