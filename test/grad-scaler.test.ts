// GradScaler: PyTorch's rule for the scale, steps over unscaled gradients, several optimizers, state dicts.
import {
  AdaBelief,
  Adam,
  GradScaler,
  Lookahead,
  SGD,
  StepLR,
  parameter,
  type GradScalerOptions,
  type GradScalerStateDict,
  type Optimizer,
  type Parameter,
  type StepReport,
} from "../lib";
import { expectSameBits } from "./helpers/bits";
import { fails } from "./helpers/checkpoint";
import { bad, gradient, make } from "./helpers/grad-scaler";
import { makeRandom } from "./helpers/random";
import { thrownBy } from "./helpers/snapshot";

/** PyTorch's kernel `_amp_update_scale_`, in float32 as there. */
function updateScale(state: { scale: number; tracker: number }, foundInf: boolean, o: Required<GradScalerOptions>): void {
  if (foundInf) {
    state.scale = Math.fround(state.scale * o.backoff_factor);
    state.tracker = 0;
  } else if (state.tracker + 1 === o.growth_interval) {
    const grown = Math.fround(state.scale * o.growth_factor);
    if (Number.isFinite(grown)) state.scale = grown;
    state.tracker = 0;
  } else state.tracker += 1;
}

describe("the scale", () => {
  it("begins and is bounded as in PyTorch", () => {
    expect(new GradScaler().stateDict()).toEqual({
      scale: 65536,
      growth_factor: 2,
      backoff_factor: 0.5,
      growth_interval: 2000,
      _growth_tracker: 0,
    });
    expect([new GradScaler().enabled, new GradScaler().getScale(), new GradScaler({ init_scale: 0.1 }).getScale()]).toEqual([
      true,
      65536,
      Math.fround(0.1),
    ]);
  });

  it.each([
    { init_scale: 65536, growth_factor: 2, backoff_factor: 0.5, growth_interval: 3 },
    { init_scale: 1000.1, growth_factor: 1.7, backoff_factor: 0.3, growth_interval: 1 },
    { init_scale: 3e38, growth_factor: 1.05, backoff_factor: 0.999, growth_interval: 2 },
  ])("follows PyTorch's rule: %p", (given) => {
    const options = { ...given, enabled: true };
    const scaler = new GradScaler(options);
    const p = make();
    const optimizer = new SGD([p]);
    const wanted = { scale: Math.fround(options.init_scale), tracker: 0 };
    const random = makeRandom(7);
    for (let iteration = 0; iteration < 400; ++iteration) {
      const foundInf = random.below(5) === 0;
      p.grad = foundInf ? bad(random.pick([NaN, Infinity, -Infinity])) : gradient(iteration, 1e-3);
      expect(scaler.step(optimizer).skipped).toBe(foundInf);
      scaler.update();
      updateScale(wanted, foundInf, options);
      if (wanted.scale < 2 ** -126) wanted.scale = 2 ** -126;
      expect([iteration, scaler.getScale(), scaler.stateDict()._growth_tracker]).toEqual([
        iteration,
        wanted.scale,
        wanted.tracker,
      ]);
    }
  });

  it("does not fall below 2^-126, whose reciprocal is a float32", () => {
    const scaler = new GradScaler({ init_scale: 2 ** -124 });
    const p = make();
    const optimizer = new SGD([p]);
    const scales = [0, 1, 2, 3].map(() => {
      p.grad = bad(NaN);
      scaler.step(optimizer);
      scaler.update();
      return scaler.getScale();
    });
    expect(scales).toEqual([2 ** -125, 2 ** -126, 2 ** -126, 2 ** -126]);
    p.grad = gradient(1, 2 ** -126);
    expect(scaler.step(optimizer)).toMatchObject({ updated: 1, skipped: false });
  });

  it("is set by update(scale), without a step too", () => {
    const scaler = new GradScaler();
    scaler.update(0.1);
    expect(scaler.getScale()).toBe(Math.fround(0.1));
  });

  it("multiplies losses in double, and arrays in float32", () => {
    const scaler = new GradScaler({ init_scale: 3 });
    expect(scaler.scale(0.1)).toBe(0.1 * 3);
    const given = Float32Array.of(0.1, NaN, -1e38);
    const scaled = scaler.scale(given);
    expectSameBits(scaled, Float32Array.of(Math.fround(0.1) * 3, NaN, -3e38), "scaled");
    expect(given[0]).toBe(Math.fround(0.1));
  });
});

/** The forms in which an optimizer is stepped. */
const kinds: [string, (p: Parameter) => Optimizer][] = [
  ["AdaBelief", (p) => new AdaBelief([p])],
  ["Adam with amsgrad", (p) => new Adam([p], { amsgrad: true })],
  ["Lookahead around SGD", (p) => new Lookahead(new SGD([p], { momentum: 0.9 }), { k: 2 })],
];
const stepOptions = [{}, { maxGradNorm: 0.5 }, { gradScale: 1 / 3 }, { gradScale: 0.5, maxGradNorm: 1e-3 }];

describe.each(kinds)("a step of %s", (_, makeOptimizer) => {
  it.each(stepOptions)("is the one over unscaled gradients, %p", async (options) => {
    const [a, b, c] = [make(), make(), make()];
    const [scaled, byHand, beside] = [makeOptimizer(a), makeOptimizer(b), makeOptimizer(c)];
    const scaler = new GradScaler({ growth_interval: 2, init_scale: 1000 });
    const besideScaler = new GradScaler({ growth_interval: 2, init_scale: 1000 });
    for (let iteration = 1; iteration < 12; ++iteration) {
      const scale = scaler.getScale();
      const isBad = iteration % 4 === 0;
      a.grad = b.grad = c.grad = isBad ? bad(Infinity) : scaler.scale(gradient(iteration));
      const report: StepReport = scaler.step(scaled, options);
      const wanted = byHand.step({ ...options, gradScale: (options.gradScale ?? 1) / scale, skipNonFinite: true });
      expect(report).toEqual(wanted);
      expect(await besideScaler.stepAsync(beside, options)).toEqual(wanted);
      scaler.update();
      besideScaler.update();
      for (const p of [a, c]) expectSameBits(p.data, b.data, `iteration ${iteration}`);
    }
    expect(besideScaler.stateDict()).toEqual(scaler.stateDict());
  });

  it("over gradients that a power of two has scaled has the bits of the run without a scale", () => {
    const [a, b] = [make(), make()];
    const [scaled, plain] = [makeOptimizer(a), makeOptimizer(b)];
    const scaler = new GradScaler({ growth_interval: 3 });
    for (let iteration = 1; iteration < 10; ++iteration) {
      a.grad = scaler.scale(gradient(iteration));
      b.grad = gradient(iteration);
      scaler.step(scaled);
      plain.step();
      scaler.update();
      expectSameBits(a.data, b.data, `iteration ${iteration}`);
    }
    expect(scaler.getScale()).toBe(65536 * 8);
  });

  it("leaves the gradients as they are", () => {
    const p = make();
    p.grad = gradient(1);
    new GradScaler().step(makeOptimizer(p), { maxGradNorm: 1e-3 });
    expectSameBits(p.grad, gradient(1), "grad");
  });
});

describe("several optimizers", () => {
  it("step with one scale, and one that was left out lowers it", () => {
    const [a, b] = [make(1), make(2)];
    const optimizers = [new AdaBelief([a]), new SGD([b])];
    const scaler = new GradScaler();
    a.grad = gradient(1);
    b.grad = bad(NaN);
    expect(optimizers.map((one) => scaler.step(one).skipped)).toEqual([false, true]);
    scaler.update();
    expect(scaler.getScale()).toBe(32768);
    b.grad = gradient(2);
    expect(optimizers.map((one) => scaler.step(one).skipped)).toEqual([false, false]);
    scaler.update();
    expect(scaler.stateDict()).toMatchObject({ scale: 32768, _growth_tracker: 1 });
  });

  it("may step on other threads at once, and update waits for both", async () => {
    const [a, b] = [make(1), make(2)];
    a.grad = gradient(1);
    b.grad = bad(Infinity);
    const [first, second] = [new AdaBelief([a]), new AdaBelief([b])];
    const scaler = new GradScaler();
    const steps = [scaler.stepAsync(first), scaler.stepAsync(second)];
    expect(thrownBy(() => scaler.update())).toMatchObject({ code: "ERR_BUSY" });
    expect(await fails(scaler.stepAsync(first))).toMatchObject({ code: "ERR_GRAD_SCALER" });
    expect((await Promise.all(steps)).map(({ skipped }) => skipped)).toEqual([false, true]);
    scaler.update();
    expect(scaler.getScale()).toBe(32768);
  });
});

it("a scaler that is not enabled steps as the optimizer does", async () => {
  const [a, b] = [make(), make()];
  const [scaled, plain] = [new AdaBelief([a]), new AdaBelief([b])];
  const scaler = new GradScaler({ enabled: false });
  const array = gradient(1);
  expect([scaler.getScale(), scaler.scale(3), scaler.scale(array), scaler.stateDict()]).toEqual([1, 3, array, {}]);
  a.grad = b.grad = gradient(1);
  scaler.step(scaled, { maxGradNorm: 1 });
  await scaler.stepAsync(scaled);
  scaler.update();
  plain.step({ maxGradNorm: 1 });
  plain.step();
  expectSameBits(a.data, b.data, "data");
  scaler.loadStateDict(new GradScaler().stateDict());
  expect(scaler.getScale()).toBe(1);
  expect(thrownBy(() => new GradScaler().loadStateDict(scaler.stateDict()))).toMatchObject({
    code: "ERR_STATE_DICT",
    message: "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.",
  });
});

describe("a state dict", () => {
  it("goes on where it was, through JSON and checkpoints", async () => {
    const p = make();
    const optimizer = new AdaBelief([p]);
    const schedule = new StepLR(optimizer, { step_size: 2 });
    const scaler = new GradScaler({ growth_interval: 4, init_scale: 0.1 });
    const iterate = (one: GradScaler, from: number, to: number) => {
      for (let iteration = from; iteration < to; ++iteration) {
        p.grad = iteration % 5 === 0 ? bad(NaN) : gradient(iteration, one.getScale());
        one.step(optimizer);
        one.update();
        schedule.step();
      }
      return one.stateDict();
    };
    iterate(scaler, 1, 8);
    const bytes = optimizer.encodeState({ parameters: true, extra: scaler.stateDict() });
    const wanted = [iterate(scaler, 8, 20), p.data.slice()];
    const { extra } = await optimizer.loadState<GradScalerStateDict>(bytes, { parameters: true });
    const resumed = new GradScaler();
    resumed.loadStateDict(JSON.parse(JSON.stringify(extra)) as GradScalerStateDict);
    expect([iterate(resumed, 8, 20), p.data]).toEqual(wanted);
  });

  it("of PyTorch's is taken over", () => {
    const saved = { scale: 8192.0, growth_factor: 2.0, backoff_factor: 0.5, growth_interval: 2000, _growth_tracker: 1999 };
    const scaler = new GradScaler();
    scaler.loadStateDict(saved);
    const p = make();
    p.grad = gradient(1);
    scaler.step(new SGD([p]));
    scaler.update();
    expect(scaler.stateDict()).toEqual({ ...saved, scale: 16384, _growth_tracker: 0 });
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["an array", []],
    ["{}", {}],
    ["a scale of 0", { ...new GradScaler().stateDict(), scale: 0 }],
    ["an infinite scale", { ...new GradScaler().stateDict(), scale: 1e39 }],
    ["a scale that JSON lost", { ...new GradScaler().stateDict(), scale: null }],
    ["half a tracker", { ...new GradScaler().stateDict(), _growth_tracker: 0.5 }],
    ["no tracker", { ...new GradScaler().stateDict(), _growth_tracker: undefined }],
    ["a key too many", { ...new GradScaler().stateDict(), lr: 1 }],
  ])("that is %s is refused, and nothing has changed", (_, saved) => {
    const scaler = new GradScaler({ init_scale: 3 });
    const before = scaler.stateDict();
    expect(thrownBy(() => scaler.loadStateDict(saved as never))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(scaler.stateDict()).toEqual(before);
  });
});

it("a scaler that is not enabled passes a closure and its options on", () => {
  const p = parameter(new Float32Array(2));
  const compute = () => {
    p.grad = Float32Array.of(3, 4);
    return 7;
  };
  const step = (scaler: GradScaler, ...all: unknown[]): unknown =>
    Reflect.apply(Reflect.get(scaler, "step") as () => unknown, scaler, all);
  const optimizer = new SGD([p], { lr: 1 });
  expect(step(new GradScaler({ enabled: false }), optimizer, compute, { maxGradNorm: 1 })).toBe(7);
  expect([...p.data].map((value) => value.toFixed(3))).toEqual(["-0.600", "-0.800"]);
  expect(thrownBy(() => step(new GradScaler(), optimizer, {}, {})).code).toBe("ERR_INVALID_OPTION");
});
