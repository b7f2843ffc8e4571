// State in bfloat16, of every optimizer: arithmetic in float32, stochastic rounding of what is stored.
import { Adam, AdaBelief, cpu, fromBFloat16, parameter, SGD, toBFloat16, type Parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { itNatively } from "./helpers/engine";
import { forms, make, type Form } from "./helpers/family";
import { HalfTraining } from "./helpers/half-training";
import { roundedByNoise } from "./helpers/noise";

function expectSame(one: HalfTraining, other: HalfTraining): void {
  expect(one.everything.map(([key]) => key)).toEqual(other.everything.map(([key]) => key));
  one.everything.forEach(([key, array], k) => expectSameBits(array, (other.everything[k] as [string, Float32Array])[1], key));
}

/** A step that takes two passes rounds its state in both. */
const takesTwoPasses = ({ optimizer, options }: Form) => optimizer === "RangerAdaBelief" && options["gc_loc"] === false;

/** A float32 training with the values, the state and the gradients of another one. */
function widened(half: HalfTraining): { params: Parameter[]; optimizer: ReturnType<typeof make> } {
  const params = half.params.map((p) => ({ ...p, data: p.data.slice() }));
  const optimizer = make(half.form, [{ params: params.slice(0, 2) }, { params: params.slice(2) }], {});
  optimizer.loadStateDict(half.optimizer.stateDict());
  return { params, optimizer };
}

/** Compares a parameter's state after a step with that of a float32 step from where it began. */
function expectRounded(half: HalfTraining, k: number, wide: ReturnType<typeof widened>): void {
  const p = half.params[k] as Parameter;
  expectSameBits(p.data, (wide.params[k] as Parameter).data, `values of parameter ${k}`);
  const rounded = half.optimizer.state.get(p, "bfloat16");
  if (rounded === undefined) return;
  const exact = wide.optimizer.state.get(wide.params[k] as Parameter) as unknown as Record<string, Float32Array>;
  const noise = { seed: 5, id: k, step: rounded.step };
  let index = 0;
  for (const [key, array] of Object.entries(rounded)) {
    const wanted = exact[key] as Float32Array;
    if (array instanceof Float32Array) expectSameBits(array, wanted, key);
    else if (typeof array === "object")
      expect([...(array as unknown as Uint16Array)]).toEqual([...roundedByNoise(wanted, noise, index++)]);
  }
}

describe.each(forms.map((form) => [form.title, form] as const))("%s with bfloat16 state", (_, form) => {
  onEveryBackend("has the bits of the scalar backend", (backend) => {
    cpu.backend = cpu.backend === "wasm" ? "wasm" : "scalar";
    const wanted = new HalfTraining(form).run(8);
    cpu.backend = backend;
    expectSame(new HalfTraining(form).run(8), wanted);
  });

  if (!takesTwoPasses(form)) {
    it("is a float32 step whose state is rounded by the random bits of each element", () => {
      const half = new HalfTraining(form, { seed: 5 });
      for (let step = 0; step < 8; ++step) {
        half.prepare();
        const wide = widened(half);
        half.params.forEach(({ grad }, k) => ((wide.params[k] as Parameter).grad = grad));
        const options = step % 2 === 0 ? {} : { gradScale: 0.5, maxGradNorm: 1 };
        expect(half.optimizer.step(options)).toEqual(wide.optimizer.step(options));
        half.params.forEach(({ grad }, k) => {
          if (grad !== null) expectRounded(half, k, wide);
        });
      }
    });
  }

  it("goes on from a state dict, and from a checkpoint, with the same bits", async () => {
    const whole = new HalfTraining(form, { seed: 9 }).run(3);
    const checkpoint = whole.optimizer.encodeState({ parameters: true });
    const dict = structuredClone(whole.optimizer.stateDict());
    const others = await Promise.all(
      [false, true].map(async (byDict) => {
        const other = new HalfTraining(form, { seed: 1 });
        if (byDict) other.params.forEach(({ data }, k) => data.set((whole.params[k] as Parameter).data));
        if (byDict) other.optimizer.loadStateDict(dict);
        else expect(await other.optimizer.loadState(checkpoint, { parameters: true })).toEqual({ extra: undefined });
        other.step = whole.step;
        return other;
      }),
    );
    whole.run(4);
    for (const other of others) expectSame(other.run(4), whole);
  });

  it("has the same bits in an asynchronous step", async () => {
    const [sync, async] = [new HalfTraining(form), new HalfTraining(form)];
    for (let step = 0; step < 4; ++step) {
      for (const training of [sync, async]) training.prepare();
      expect(await async.optimizer.stepAsync()).toEqual(sync.optimizer.step());
    }
    expectSame(async, sync);
  });
});

describe("bfloat16 state", () => {
  const wave = (length: number, phase = 0) => Float32Array.from({ length }, (_, i) => Math.sin(i + phase));

  function train(length: number, options: object, offset = 0): { data: Float32Array; m: Uint16Array; s: Uint16Array } {
    const place = (values: Float32Array) => {
      const array = new Float32Array(length + offset).subarray(offset);
      array.set(values);
      return array;
    };
    const p = parameter(place(wave(length)), { grad: place(wave(length, 1)) });
    const optimizer = new AdaBelief([p], { state_dtype: "bfloat16", ...options });
    for (let step = 0; step < 3; ++step) optimizer.step();
    const { exp_avg: m, exp_avg_var: s } = optimizer.state.get(p, "bfloat16") as {
      exp_avg: Uint16Array;
      exp_avg_var: Uint16Array;
    };
    return { data: p.data, m, s };
  }

  it("takes two bytes an element", () => {
    const { m, s } = train(100_000, {});
    expect([m.BYTES_PER_ELEMENT, m.length, s.BYTES_PER_ELEMENT, s.length]).toEqual([2, 100_000, 2, 100_000]);
  });

  itNatively("several threads", "has the same bits on any number of threads", () => {
    const before = cpu.threads;
    try {
      cpu.threads = 1;
      const wanted = train(300_001, { amsgrad: true });
      for (let threads = 2; threads <= 8; ++threads) {
        cpu.threads = threads;
        expect(train(300_001, { amsgrad: true })).toEqual(wanted);
      }
    } finally {
      cpu.threads = before;
    }
  });

  it("has the same bits wherever its arrays begin", () => {
    for (const length of [1, 31, 33, 1000, 2049]) {
      const wanted = train(length, {});
      for (let offset = 1; offset < 17; ++offset) {
        const { data, m, s } = train(length, {}, offset);
        expect([...data]).toEqual([...wanted.data]);
        expect([m, s]).toEqual([wanted.m, wanted.s]);
      }
    }
  });

  it("depends on the seed, on the parameter and on the step", () => {
    const bits = ({ m, s }: ReturnType<typeof train>) => [...m, ...s].join();
    expect(bits(train(100, { seed: 0 }))).toBe(bits(train(100, {})));
    expect(bits(train(100, { seed: 1 }))).not.toBe(bits(train(100, {})));
    const params = [0, 1].map(() => parameter(wave(100), { grad: wave(100, 1) }));
    const optimizer = new Adam(params, { state_dtype: "bfloat16" });
    optimizer.step();
    const [one, other] = params.map((p) => [...(optimizer.state.get(p, "bfloat16")?.exp_avg ?? [])]);
    expect(one).not.toEqual(other);
  });

  it("follows a mean that falls, where rounding to nearest would stand still", () => {
    const length = 4096;
    const p = parameter(new Float32Array(length), { grad: new Float32Array(length).fill(1) });
    const optimizer = new Adam([p], { lr: 0, betas: [0, 0.999], state_dtype: "bfloat16" });
    optimizer.step();
    p.grad = new Float32Array(length);
    let nearest = toBFloat16(Float32Array.of(0.001));
    for (let step = 0; step < 2000; ++step) {
      optimizer.step();
      nearest = toBFloat16(fromBFloat16(nearest).map((v) => Math.fround(v * Math.fround(0.999))));
    }
    const v = fromBFloat16(optimizer.state.get(p, "bfloat16")?.exp_avg_sq as Uint16Array);
    const mean = v.reduce((sum, x) => sum + x, 0) / length;
    const exact = 0.001 * 0.999 ** 2000;
    expect(Math.abs(mean / exact - 1)).toBeLessThan(0.05);
    expect((fromBFloat16(nearest)[0] as number) / exact).toBeGreaterThan(5);
  });

  it("belongs to a group", () => {
    const [half, whole] = [0, 1].map(() => parameter(wave(10), { grad: wave(10, 1) })) as [Parameter, Parameter];
    const optimizer = new Adam([{ params: [half], state_dtype: "bfloat16" }, { params: [whole] }]);
    optimizer.step();
    expect(optimizer.state.get(half, "bfloat16")?.exp_avg).toBeInstanceOf(Uint16Array);
    expect(optimizer.state.get(whole)?.exp_avg).toBeInstanceOf(Float32Array);
    expect(optimizer.stateDict().param_groups.map(({ state_dtype }) => state_dtype)).toEqual(["bfloat16", undefined]);
  });

  it("is no matter to an optimizer without state", () => {
    const params = [0, 1].map(() => parameter(wave(10), { grad: wave(10, 1) })) as [Parameter, Parameter];
    new SGD([params[0]], { lr: 0.1, state_dtype: "bfloat16" }).step();
    new SGD([params[1]], { lr: 0.1 }).step();
    expectSameBits(params[0].data, params[1].data, "data");
  });

  it("of a moving average and of Lookahead is float32", () => {
    const p = parameter(wave(10), { grad: wave(10, 1) });
    const optimizer = new Adam([p], { state_dtype: "bfloat16", ema: {}, lookahead: {} });
    optimizer.step();
    const state = optimizer.state.get(p, "bfloat16");
    expect([state?.ema_buffer, state?.slow_buffer].every((array) => array instanceof Float32Array)).toBe(true);
    optimizer.swapEma();
    optimizer.swapEma();
  });
});
