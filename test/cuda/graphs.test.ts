// A step with `capturable` is captured into a CUDA graph and replayed, with the bits of as many steps on the host.
import * as library from "../../lib";
import {
  AdaBelief,
  Adam,
  AdamW,
  CosineAnnealingLR,
  cuda,
  parameter,
  SGD,
  type CudaArray,
  type Optimizer,
  type Parameter,
  type StepReport,
} from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { capture, graphs } from "../helpers/graphs";
import { mockDriver, onMockDriverAlone } from "../helpers/mock-driver";
import { thrownBy } from "../helpers/snapshot";

type Any = Optimizer<{ lr: number }>;
type OnDevice = Parameter<CudaArray> & { grad: CudaArray };

const shapes = [[3, 5], [70], [2, 2, 2, 2], [1], [4, 1031]];
const wave = (length: number, phase = 0, scale = 1) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.3 + phase) * scale);
const lengthOf = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

const make = (name: string, params: Parameter[], options: object): Any => {
  const Class = (library as unknown as Record<string, unknown>)[name] as new (params: Parameter[], options: object) => Any;
  return new Class(params, options);
};

/** Changes options of the first group. */
const set = ({ paramGroups: [group] }: { paramGroups: readonly object[] }, options: object): object =>
  Object.assign(group as object, options);

/** The same model on the host and on a device, whose gradients a test writes. */
class Twins {
  readonly host = shapes.map((shape, k) =>
    parameter(wave(lengthOf(shape), k), { shape, grad: new Float32Array(lengthOf(shape)) }),
  );
  readonly device = shapes.map((shape, k) =>
    parameter(cuda.from(wave(lengthOf(shape), k)), { shape, grad: cuda.allocate(lengthOf(shape)) }),
  ) as OnDevice[];
  readonly stream = graphs.makeStream(false);

  /** New gradients for both. */
  write(step: number, poisoned = false): void {
    this.host.forEach(({ grad }, k) => {
      const values = wave((grad as Float32Array).length, 7 * step + k, 10 ** ((step % 5) - 2));
      if (poisoned && k === 1) values[3] = NaN;
      (grad as Float32Array).set(values);
      this.device[k]?.grad.write(values, { stream: this.stream });
    });
  }

  expectSame(onHost: Any, onDevice: Any, what: string): void {
    onDevice.synchronize();
    this.host.forEach((p, k) => {
      const there = this.device[k] as OnDevice;
      expectSameBits(there.data.read(), p.data, `${what}: parameter ${k}`);
      const [wanted, got] = [onHost.state.get(p), onDevice.state.get(there)] as Record<string, unknown>[];
      expect(Object.keys(got ?? {})).toEqual(Object.keys(wanted ?? {}));
      for (const [key, value] of Object.entries(wanted ?? {})) {
        if (typeof value === "number") expect([what, key, got?.[key]]).toEqual([what, key, value]);
        else expectSameBits((got?.[key] as CudaArray).read(), value as Float32Array, `${what}: ${key} of parameter ${k}`);
      }
    });
  }
}

const optimizers: [string, object][] = [
  ["AdaBelief", { eps: 1e-12 }],
  ["AdaBelief", { rectify: true, weight_decay: 0.1, amsgrad: true, ema: { decay: 0.9 } }],
  ["AdaBelief", { weight_decay: 0.1, weight_decouple: true, fixed_decay: true, maximize: true }],
  ["AdaBelief", { version: "0.2.1", weight_decay: 0.1, lookahead: { k: 4, alpha: 0.3 } }],
  ["AdaBelief", { version: "0.2.1", degenerated_to_sgd: false, amsgrad: true, centralize: "all" }],
  ["AdaBelief", { version: "0.2.1", rectify: false }],
  ["AdaBelief", { version: "tf-0.0.1", amsgrad: true }],
  ["AdaBelief", { version: "tf-0.2.1", weight_decay: 0.1 }],
  ["AdaBelief", { version: "tf-0.2.1", total_steps: 40, warmup_proportion: 0.3, min_lr: 1e-5, rectify: false }],
  ["RangerAdaBelief", { k: 3, weight_decay: 0.1 }],
  ["RangerAdaBelief", { k: 5, gc_loc: false, weight_decay: 0.1, ema: { decay: 0.3 } }],
  ["RangerAdaBelief", { adabelief: false, use_gc: false, weight_decouple: false, weight_decay: 0.1 }],
  ["SGD", { lr: 0.1, momentum: 0.9, nesterov: true, lookahead: { k: 3, alpha: 0.5 } }],
  ["SGD", { lr: 0.1, weight_decay: 0.1 }],
  ["Adam", { amsgrad: true, weight_decay: 0.1, ema: { decay: 0.9 } }],
  ["AdamW", { centralize: "conv" }],
  ["RAdam", { weight_decay: 0.1 }],
  ["RAdam", { degenerated_to_sgd: false }],
  ["Yogi", { initial_accumulator: 1e-3 }],
  ["MSVAG", { weight_decay: 0.1 }],
  ["MSVAG", { consistent_bias_correction: true }],
  ["Fromage", {}],
  ["AdaBound", { gamma: 0.01, amsbound: true }],
  ["Lion", { weight_decay: 0.1 }],
  ["EAdam", { amsgrad: true }],
];

describe.each(optimizers)("%s %j", (name, options) => {
  it("has the host's bits, captured and replayed 50 times under a schedule", () => {
    const twins = new Twins();
    const { stream } = twins;
    const pair = [make(name, twins.host, options), make(name, twins.device as never, { ...options, capturable: true })] as const;
    const [onHost, onDevice] = pair;
    const schedules = pair.map((optimizer) => new CosineAnnealingLR(optimizer, { T_max: 25 })); // reaches lr 0 and comes back
    twins.write(0);
    onHost.step();
    onDevice.step({ stream });
    schedules.forEach((schedule) => schedule.step());
    twins.expectSame(onHost, onDevice, "the first step");
    const graph = capture(stream, () => onDevice.step({ stream }));
    twins.expectSame(onHost, onDevice, "after the capture, which runs nothing");
    for (let step = 1; step <= 50; ++step) {
      twins.write(step);
      onHost.step();
      onDevice.prepareReplay();
      graphs.launch(graph, stream);
      schedules.forEach((schedule) => schedule.step());
      if (step % 10 === 1) twins.expectSame(onHost, onDevice, `replay ${step}`);
    }
    twins.expectSame(onHost, onDevice, "50 replays");
    onDevice.dispose();
    graphs.destroy(graph);
  });
});

describe("a captured step", () => {
  const trained = (options: object = {}, step: object = {}) => {
    const twins = new Twins();
    const optimizers = [
      new AdaBelief(twins.host, options),
      new AdaBelief(twins.device, { ...options, capturable: true }),
    ] as const;
    twins.write(0);
    optimizers[0].step(step);
    optimizers[1].step({ ...step, stream: twins.stream });
    return { twins, onHost: optimizers[0] as never as Any, onDevice: optimizers[1] as never as Any, stream: twins.stream };
  };

  it("that is saved and resumed has the bits of 50 steps", async () => {
    const { twins, onHost, onDevice, stream } = trained();
    const graph = capture(stream, () => onDevice.step({ stream }));
    for (let step = 1; step < 30; ++step) {
      twins.write(step);
      onHost.step();
      graphs.launch(graph, stream);
    }
    const dict = onDevice.stateDict();
    const bytes = onDevice.encodeState();
    expect(dict.param_groups[0]).not.toHaveProperty("capturable");
    expect(Object.values(dict.state).map(({ step }) => step)).toEqual(shapes.map(() => 30));
    onDevice.dispose();
    const again = new AdaBelief(twins.device, { capturable: true });
    await again.loadState(bytes);
    expect(again.paramGroups[0]?.capturable).toBe(true);
    twins.write(30);
    onHost.step();
    again.step({ stream });
    const other = capture(stream, () => again.step({ stream }));
    for (let step = 31; step < 50; ++step) {
      twins.write(step);
      onHost.step();
      graphs.launch(other, stream);
    }
    twins.expectSame(onHost, again as never, "50 steps in two parts");
    expect(again.state.get(twins.device[0] as never)?.step).toBe(50);
    // And on the host.
    const copy = twins.device.map(({ data }, k) =>
      parameter(data.read(), { grad: twins.host[k]?.grad ?? null, shape: shapes[k] ?? [] }),
    );
    const here = new AdaBelief(copy);
    here.loadStateDict(again.stateDict());
    here.step();
    onHost.step();
    copy.forEach(({ data }, k) => expectSameBits(data, (twins.host[k] as Parameter).data, `parameter ${k} on the host`));
  });

  it.each([4, 5, 999, 123_456, 2 ** 31 + 7, 2 ** 45])("after %i steps has the host's powers", (count) => {
    for (const [name, options] of [
      ["AdaBelief", { version: "0.2.1" }],
      ["Adam", { betas: [0, 0.999999] }],
      ["MSVAG", { betas: [0.99, 0.5] }],
      ["SGD", { lookahead: { k: 3 } }],
    ] as [string, object][]) {
      const twins = new Twins();
      const { stream } = twins;
      const [onHost, onDevice] = [
        make(name, twins.host, options),
        make(name, twins.device as never, { ...options, capturable: true }),
      ];
      twins.write(0);
      onHost.step();
      const dict = onHost.stateDict();
      for (const entry of Object.values(dict.state)) entry["step"] = count;
      onHost.loadStateDict(dict);
      onDevice.loadStateDict(dict);
      twins.host.forEach(({ data }, k) => twins.device[k]?.data.write(data, { stream }));
      onDevice.step({ stream });
      onHost.step();
      const graph = capture(stream, () => onDevice.step({ stream }));
      for (let turn = 0; turn < 2; ++turn) {
        graphs.launch(graph, stream);
        onHost.step();
      }
      twins.expectSame(onHost, onDevice, `${name} after ${count} steps`);
    }
  });

  it("clips, and leaves itself out where a gradient is not finite, without the host", () => {
    const step = { maxGradNorm: 0.5, skipNonFinite: true, gradScale: 0.3 };
    const { twins, onHost, onDevice, stream } = trained({ lookahead: { k: 3, alpha: 0.5 }, ema: { decay: 0.9 } }, step);
    let captured: StepReport | undefined;
    const graph = capture(stream, () => {
      captured = onDevice.step({ ...step, stream });
    });
    for (let turn = 1; turn < 12; ++turn) {
      twins.write(turn, turn % 4 === 0);
      const wanted = onHost.step(step);
      graphs.launch(graph, stream);
      expect({ ...captured }).toEqual({ ...wanted });
    }
    twins.expectSame(onHost, onDevice, "with skipped steps");
  });

  it("is one of several: steps that are not captured go on with the same count", () => {
    const { twins, onHost, onDevice, stream } = trained({ version: "0.2.1" });
    const graph = capture(stream, () => onDevice.step({ stream }));
    for (let turn = 1; turn < 12; ++turn) {
      twins.write(turn);
      onHost.step();
      if (turn % 3 === 0) onDevice.step({ stream });
      else graphs.launch(graph, stream);
    }
    twins.expectSame(onHost, onDevice, "captured and not captured");
  });

  it("keeps its lists when a later step has others", () => {
    const { twins, onHost, onDevice, stream } = trained();
    const graph = capture(stream, () => onDevice.step({ stream }));
    const last = twins.device.at(-1) as OnDevice & { grad: CudaArray | null };
    const grad = last.grad;
    last.grad = null as never;
    const hostLast = twins.host.at(-1) as Parameter;
    const hostGrad = hostLast.grad as Float32Array;
    hostLast.grad = null;
    onHost.step();
    onDevice.step({ stream });
    [last.grad, hostLast.grad] = [grad, hostGrad];
    twins.write(1);
    onHost.step();
    graphs.launch(graph, stream);
    twins.expectSame(onHost, onDevice, "counts that differ");
  });

  it("keeps the state that graphs use until the optimizer is disposed of", () => {
    const { twins, onDevice, stream } = trained();
    const state = () => onDevice.state.get(twins.device[0] as never) as unknown as { exp_avg: CudaArray };
    const before = state().exp_avg;
    onDevice.loadStateDict(onDevice.stateDict());
    expect(before.disposed).toBe(true); // no graph could use it
    const used = state().exp_avg;
    onDevice.step({ stream });
    const graph = capture(stream, () => onDevice.step({ stream }));
    onDevice.loadStateDict(onDevice.stateDict());
    expect(used.disposed).toBe(false);
    graphs.launch(graph, stream); // useless now, and harmless
    onDevice.dispose();
    expect(used.disposed).toBe(true);
    graphs.destroy(graph);
  });

  it("goes on without capturable, and with it again", () => {
    const { twins, onHost, onDevice, stream } = trained();
    const [group] = onDevice.paramGroups as unknown as [{ capturable: boolean }];
    for (let turn = 1; turn < 9; ++turn) {
      group.capturable = turn % 4 > 1;
      twins.write(turn);
      onHost.step();
      onDevice.step({ stream });
    }
    twins.expectSame(onHost, onDevice, "with and without");
  });

  it("shows its count while it is replayed, and that changes nothing", () => {
    const { twins, onDevice, stream } = trained();
    const graph = capture(stream, () => onDevice.step({ stream }));
    for (let turn = 1; turn < 4; ++turn) {
      graphs.launch(graph, stream);
      expect(onDevice.state.get(twins.device[2] as never)?.["step"]).toBe(1 + turn);
      onDevice.prepareReplay();
    }
    onDevice.reset();
    expect(onDevice.stateDict().state).toEqual({});
  });
});

describe("is refused with a code, and an error changes nothing:", () => {
  const one = (options: object = {}) => {
    const p = parameter(cuda.from(wave(5)), { grad: cuda.from(wave(5, 1)) });
    return { p, optimizer: new Adam([p], { capturable: true, ...options }), stream: graphs.makeStream(false) };
  };
  const code = "ERR_CUDA_CAPTURE";

  /** Refuses an act while a stream is captured. The graph that is captured afterwards works. */
  const refusedWhileCapturing = ({ optimizer, p, stream }: ReturnType<typeof one>, act: () => unknown) => {
    const before = p.data.read();
    graphs.begin(stream);
    expect(thrownBy(act)).toMatchObject({ code });
    graphs.destroy(graphs.end(stream));
    expectSameBits(p.data.read(), before, "what was refused");
    optimizer.step({ stream });
    graphs.destroy(capture(stream, () => optimizer.step({ stream })));
  };

  it("a first step", () => {
    const made = one();
    refusedWhileCapturing(made, () => made.optimizer.step({ stream: made.stream }));
  });

  it("a step with new arrays: a gradient, Lookahead's, averages", () => {
    for (const change of [
      ({ p }: ReturnType<typeof one>) => (p.grad = cuda.from(wave(5, 3))),
      ({ optimizer }: ReturnType<typeof one>) => set(optimizer, { lookahead: { k: 2 } }),
      ({ optimizer }: ReturnType<typeof one>) => set(optimizer, { ema: { decay: 0.5 } }),
      ({ optimizer }: ReturnType<typeof one>) => set(optimizer, { amsgrad: true }),
    ]) {
      const made = one();
      made.optimizer.step({ stream: made.stream });
      change(made);
      refusedWhileCapturing(made, () => made.optimizer.step({ stream: made.stream }));
    }
  });

  it("a step after one in another stream", () => {
    const made = one();
    made.optimizer.step();
    refusedWhileCapturing(made, () => made.optimizer.step({ stream: made.stream }));
  });

  it("a clipped step after one that did not clip", () => {
    const made = one();
    made.optimizer.step({ stream: made.stream });
    refusedWhileCapturing(made, () => made.optimizer.step({ stream: made.stream, maxGradNorm: 1 }));
  });

  it("a step without capturable, and sums and copies", () => {
    const made = one();
    const plain = new SGD([parameter(cuda.allocate(3), { grad: cuda.allocate(3) })]);
    const { stream } = made;
    plain.step({ stream });
    made.optimizer.step({ stream });
    const other = cuda.allocate(5);
    refusedWhileCapturing(made, () => plain.step({ stream }));
    refusedWhileCapturing(made, () => made.p.data.read({ stream }));
    refusedWhileCapturing(made, () => library.accumulate(made.p.grad as CudaArray, [other], 1, { stream }));
  });

  it("parameters on the host, or in two places, or without elements", () => {
    const host = parameter(wave(3), { grad: wave(3) });
    const device = parameter(cuda.allocate(3), { grad: cuda.allocate(3) });
    const empty = parameter(cuda.allocate(0), { grad: cuda.allocate(0) });
    for (const params of [[host], [device, host], [device, empty]]) {
      expect(thrownBy(() => new Adam(params as never, { capturable: true }).step())).toMatchObject({ code });
    }
  });

  it("stepAsync, groups that differ, the stateless update", async () => {
    const { optimizer, p } = one();
    await expect(optimizer.stepAsync()).rejects.toMatchObject({ code });
    const q = parameter(cuda.allocate(2), { grad: cuda.allocate(2) });
    optimizer.addParamGroup({ params: [q], capturable: false });
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_INVALID_OPTION" });
    const arrays = { data: p.data, grad: p.grad as CudaArray, exp_avg: cuda.allocate(5), exp_avg_var: cuda.allocate(5) };
    expect(thrownBy(() => library.update({ ...arrays, step: 1, capturable: true }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
  });

  it.each<[string, (made: ReturnType<typeof one>) => unknown]>([
    ["no step was captured", () => undefined],
    ["another gradient", ({ p }) => (p.grad = cuda.allocate(5))],
    ["no gradient", ({ p }) => (p.grad = null)],
    ["amsgrad", ({ optimizer }) => set(optimizer, { amsgrad: true })],
    ["Lookahead", ({ optimizer }) => set(optimizer, { lookahead: { k: 2 } })],
    ["centralization", ({ optimizer }) => set(optimizer, { centralize: "all" })],
    ["capturable, which was turned off", ({ optimizer }) => set(optimizer, { capturable: false })],
    ["another state", ({ optimizer }) => optimizer.loadStateDict(optimizer.stateDict())],
    ["a new parameter", ({ optimizer }) => optimizer.addParamGroup({ params: [parameter(cuda.allocate(2))], capturable: true })],
  ])("prepareReplay after %s", (what, change) => {
    const made = one();
    made.optimizer.step({ stream: made.stream });
    if (!what.startsWith("no step")) capture(made.stream, () => made.optimizer.step({ stream: made.stream }));
    change(made);
    expect(thrownBy(() => made.optimizer.prepareReplay())).toMatchObject({ code });
  });

  it("prepareReplay of a decoupled decay that began at 0", () => {
    const p = parameter(cuda.from(wave(5)), { grad: cuda.from(wave(5, 1)) });
    const optimizer = new AdamW([p], { capturable: true, weight_decay: 0 });
    const stream = graphs.makeStream(false);
    optimizer.step({ stream });
    capture(stream, () => optimizer.step({ stream }));
    set(optimizer, { weight_decay: 0.1 });
    expect(thrownBy(() => optimizer.prepareReplay())).toMatchObject({ code });
  });
});

onMockDriverAlone("the driver's calls of steps that can be captured", () => {
  const three = () => parameter(cuda.from(wave(3)), { grad: cuda.from(wave(3)) });

  it("are two launches more, and neither copies nor waits", () => {
    const optimizer = new AdaBelief([three()], { capturable: true });
    for (let step = 0; step < 2; ++step) optimizer.step();
    mockDriver.reset();
    optimizer.step();
    const calls = mockDriver.counts();
    expect(calls["cuLaunchKernel"]).toBe(3);
    for (const call of ["cuMemcpyHtoDAsync_v2", "cuStreamSynchronize", "cuMemAlloc_v2"]) expect(calls).not.toHaveProperty(call);
    mockDriver.reset();
    (optimizer.paramGroups[0] as { lr: number }).lr = 0.5;
    optimizer.step();
    expect(mockDriver.counts()).toMatchObject({ cuLaunchKernel: 3, cuMemcpyHtoDAsync_v2: 1, cuEventSynchronize: 1 });
  });

  it.each(["cuMemHostAlloc", "cuMemAlloc_v2", "cuEventCreate", "cuStreamIsCapturing"])(
    "%s that fails changes nothing",
    (call) => {
      const [p, host] = [three(), parameter(wave(3), { grad: wave(3) })];
      const [optimizer, wanted] = [new Adam([p], { capturable: true }), new Adam([host])];
      const stream = graphs.makeStream(false);
      for (let after = 0; after < 4; ++after) {
        mockDriver.fail(call, { after, result: 2 });
        try {
          optimizer.step({ stream });
          wanted.step();
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_OUT_OF_MEMORY" });
        }
        mockDriver.reset();
      }
      optimizer.step({ stream });
      wanted.step();
      expectSameBits(p.data.read(), host.data, call);
      expect(optimizer.state.get(p)?.step).toBe(wanted.state.get(host)?.step);
    },
  );
});
