// A sparse gradient of a parameter on a device: the bits and reports of the host, and of the dense step restricted to its rows.
import { AdaBelief, Adam, cuda, CudaArray, parameter, SGD, type Floats, type StepOptions } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { make, type AnyOptimizer, type Form } from "../helpers/family";
import { mockDriver, onMockDriverAlone } from "../helpers/mock-driver";
import { onDevice, onHost, unaligned, type Placement } from "../helpers/placement";
import { thrownBy } from "../helpers/snapshot";
import { able, denseOf, RestrictedStep, shapesOfNorms, sizeOf, sparseGradient, wave } from "../helpers/sparse";

type State = Readonly<Record<string, Floats | Uint32Array | number>>;
type Table = Parameters<typeof make>[1][0] & { data: Floats; grad: unknown };

/** A table whose arrays lie at one place, and an optimizer of it. */
class Trained {
  readonly p: Table;
  optimizer: AnyOptimizer;

  constructor(
    form: Form,
    readonly shape: readonly number[],
    readonly at: Placement,
    own: object = {},
    data = wave(sizeOf(shape), 0),
  ) {
    this.p = parameter(at.put(data.slice()) as Float32Array, { shape });
    const { version: _, ...options } = form.options;
    this.optimizer = make(form, [this.p], { ...options, ...own });
  }

  /** A step with a sparse gradient, or with the dense one that it stands for. */
  step({ rows, values }: ReturnType<typeof sparseGradient>, options: StepOptions = {}, isDense = false): object {
    const { at, p } = this;
    p.grad = isDense ? at.put(denseOf({ rows, values }, this.shape)) : { rows, values: at.put(values) };
    return { ...this.optimizer.step(options) };
  }

  get state(): State {
    return (this.optimizer.state.get(this.p as never) ?? {}) as never;
  }

  /** Values, state, counts of rows, each as floats. */
  get arrays(): Record<string, Float32Array> {
    const { step: _, ...state } = this.state;
    const read = (array: unknown): Float32Array =>
      array instanceof CudaArray ? array.read() : Float32Array.from(array as Float32Array);
    const states = Object.entries(state).map(([key, array]) => [key, read(array)] as const);
    return { data: this.at.get(this.p.data).slice(), ...Object.fromEntries(states) };
  }
}

function expectSame(got: Trained, wanted: Record<string, Float32Array>, what: string): void {
  const { arrays } = got;
  expect(Object.keys(arrays)).toEqual(Object.keys(wanted));
  for (const [key, array] of Object.entries(wanted)) expectSameBits(arrays[key] as Float32Array, array, `${what}: ${key}`);
}

interface Run {
  readonly shape: readonly number[];
  readonly count: number;
  readonly steps?: number;
  readonly options?: StepOptions;
  readonly own?: object;
  readonly at?: Placement;
  /** In which steps the gradient is not sparse. */
  readonly dense?: (step: number) => boolean;
}

/** Trains on the host and on a device with the same gradients, and compares all that there is after each step. */
function compare(form: Form, { shape, count, steps = 4, options = {}, own = {}, at = onDevice(0), dense }: Run): void {
  const [host, device] = [new Trained(form, shape, onHost, own), new Trained(form, shape, at, own)];
  for (let step = 1; step <= steps; ++step) {
    const gradient = sparseGradient(shape, count, step);
    const [wanted, report] = [host, device].map((one) => one.step(gradient, options, dense?.(step)));
    expect(report).toEqual(wanted);
    expectSame(device, host.arrays, `${form.title}, step ${step}`);
  }
  device.optimizer.dispose();
}

/** The same against the dense step on the host, after which the other rows are put back. */
function compareRestricted(form: Form, { shape, count, steps = 4, options = {}, at = onDevice(0) }: Run): void {
  const begin = form.optimizer === "Yogi" ? 1e-6 : 0;
  const wanted = new RestrictedStep(wave(sizeOf(shape), 0), shape, (params) => make(form, params), Math.fround(begin));
  const device = new Trained(form, shape, at);
  for (let step = 1; step <= steps; ++step) {
    const gradient = sparseGradient(shape, count, step);
    expect(device.step(gradient, options)).toEqual({ ...wanted.step(gradient, options) });
    expectSame(device, wanted.arrays, `${form.title}, step ${step}`);
  }
  device.optimizer.dispose();
}

const adam: Form = { title: "Adam", optimizer: "Adam", options: { weight_decay: 1e-2 } };
const centralized: Form = { title: "Adam", optimizer: "Adam", options: { centralize: "all", weight_decay: 1e-2 } };

const clipped: StepOptions = { gradScale: 0.37, maxGradNorm: 0.5 };

describe.each(able.map((form) => [form.title, form] as const))("%s on a device", (_, form) => {
  it("has the bits of the dense step, restricted to the rows", () => {
    compareRestricted(form, { shape: [11, 5], count: 6 });
  });

  it("the same with gradients scaled and clipped, in a tensor of four dimensions", () => {
    compareRestricted(form, { shape: [7, 2, 3, 3], count: 5, options: clipped });
  });

  it("has the host's bits where rows do not begin at sixteen bytes, and where the host finds the norm", () => {
    compare(form, { shape: [11, 6], count: 6, at: unaligned(0, 3), options: { ...clipped, skipNonFinite: true } });
  });

  it("has the host's bits where sparse and dense gradients alternate", () => {
    compare(form, { shape: [11, 4], count: 6, dense: (step) => step % 2 === 0, options: clipped });
    compare(form, { shape: [11, 4], count: 6, dense: (step) => step % 2 === 1 });
  });
});

// The parameters of the releases for TensorFlow have one count.
const counting = able.filter(({ options }) => !String(options["version"]).startsWith("tf-"));

describe.each(counting.map((form) => [form.title, form] as const))("%s on a device", (_, form) => {
  it('has the host\'s bits with sparse_step: "row", also where gradients are dense', () => {
    const own = { sparse_step: "row" };
    compare(form, { shape: [9, 2, 3], count: 4, steps: 9, own, dense: (step) => step === 5 });
    compare(form, { shape: [9, 8], count: 4, steps: 4, own, options: clipped });
  });

  it("has the host's bits with centralization and each of the two counts", () => {
    for (const sparse_step of ["parameter", "row"]) {
      compare(form, { shape: [9, 5, 2, 3], count: 7, own: { sparse_step, centralize: "all" }, options: clipped });
    }
  });
});

describe("the norm of a sparse gradient on a device has the bits of the dense one", () => {
  it.each(shapesOfNorms)("%j, %d rows, and so have the means of centralization", (shape, count) => {
    compareRestricted(centralized, { shape, count, steps: 2, options: { maxGradNorm: 0.25 } });
    compareRestricted(centralized, { shape, count, steps: 1, options: { maxGradNorm: 0.25, skipNonFinite: true } });
  });

  const places: [string, Placement[]][] = [
    ["all of them on one device", [0, 0, 0, 0, 0].map(onDevice)],
    ["on two devices and the host", [onDevice(0), onDevice(cuda.devices.length - 1), onHost, onDevice(0), onHost]],
  ];
  it.each(places)("together with other tensors, in their order, %s", (_, at) => {
    const shape = [50, 33];
    const train = (placements: Placement[]): [unknown[], Float32Array[]] => {
      const of = (k: number) => placements[k] as Placement;
      const lengths = [5001, sizeOf(shape), 7, sizeOf(shape), 4096];
      const params = lengths.map((length, k): Table => {
        return parameter(of(k).put(wave(length, k)) as Float32Array, { shape: k % 2 === 0 ? [length] : shape });
      });
      const optimizer = new Adam([{ params: params.slice(0, 2) as never[] }, { params: params.slice(2) as never[], lr: 0.1 }]);
      const reports = [1, 2, 3].map((step) => {
        params.forEach((p, k) => {
          const { rows, values } = sparseGradient(shape, 20, step + k);
          p.grad = k % 2 === 0 ? of(k).put(wave(p.data.length, step)) : { rows, values: of(k).put(values) };
        });
        return { ...optimizer.step({ maxGradNorm: 1 }) };
      });
      return [reports, params.map(({ data }, k) => of(k).get(data).slice())];
    };
    const [[wanted, hosts], [reports, devices]] = [train([onHost, onHost, onHost, onHost, onHost]), train(at)];
    expect(reports).toEqual(wanted);
    devices.forEach((data, k) => expectSameBits(data, hosts[k] as Float32Array, `parameter ${k}`));
  });
});

describe("the rows of a gradient on a device", () => {
  it("may be repeated, and are summed in their order, each sum rounded", () => {
    const p = parameter(cuda.from(new Float32Array(4)), {
      shape: [2, 2],
      grad: { rows: Uint32Array.of(1, 0, 1, 1), values: cuda.from(Float32Array.of(1e8, 1, 5, 5, 1, 1, -1e8, 1)) },
    });
    new SGD([p], { lr: 1 }).step();
    expect([...p.data.read()]).toEqual([-5, -5, 0, -3]); // (1e8 + 1) - 1e8 is 0 in float32
  });

  it("may be many more than rows of the parameter, follow one another, or have numbers above 2^16", () => {
    compare(adam, { shape: [3, 7], count: 500, steps: 3, options: { maxGradNorm: 1 } });
    compare(centralized, { shape: [300, 31], count: 3000, steps: 2, own: { sparse_step: "row" }, options: { maxGradNorm: 1 } });
    compare(adam, { shape: [70001, 3], count: 300, steps: 3 });
    const all = Uint32Array.from({ length: 400 }, (_, row) => row);
    const [host, device] = [onHost, onDevice(0)].map((at) => new Trained(centralized, [400, 33], at)) as [Trained, Trained];
    for (const one of [host, device]) one.step({ rows: all, values: wave(400 * 33, 1) }, { maxGradNorm: 1 });
    expectSame(device, host.arrays, "all rows");
  });

  it("may be none: the step is counted, and changes no row", () => {
    const device = new Trained(adam, [3, 2], onDevice(0));
    const before = device.p.data as CudaArray;
    const none = { rows: new Uint32Array(0), values: new Float32Array(0) };
    expect(device.step(none, { maxGradNorm: 1 })).toEqual({ updated: 1, skipped: false, gradNorm: 0 });
    expect(device.step(none, { maxGradNorm: 1, skipNonFinite: true })).toEqual({ updated: 1, skipped: false, gradNorm: 0 });
    expect(device.step(none)).toEqual({ updated: 1, skipped: false });
    expectSameBits(before.read(), wave(6, 0), "data");
    expect(device.state["step"]).toBe(3);
  });

  it("may all be empty, and may be none beside others", () => {
    const p = parameter(cuda.allocate(0), { shape: [3, 0], grad: { rows: Uint32Array.of(2, 0), values: cuda.allocate(0) } });
    expect({ ...new Adam([p]).step({ maxGradNorm: 1 }) }).toEqual({ updated: 1, skipped: false, gradNorm: 0 });
    const none = parameter(cuda.from(wave(6, 0)), {
      shape: [3, 2],
      grad: { rows: new Uint32Array(0), values: cuda.allocate(0) },
    });
    const other = parameter(cuda.from(wave(6, 0)), { grad: cuda.from(Float32Array.of(3, 4, 0, 0, 0, 0)) });
    expect({ ...new Adam([none, other]).step({ maxGradNorm: 1 }) }).toEqual({ updated: 2, skipped: false, gradNorm: 5 });
    expectSameBits(none.data.read(), wave(6, 0), "data");
  });

  it("may be changed once stepAsync was called, and the bits are those of step", async () => {
    const [async, sync] = [0, 1].map(() => new Trained(centralized, [50, 17], onDevice(0))) as [Trained, Trained];
    for (let step = 1; step <= 3; ++step) {
      const gradient = sparseGradient([50, 17], 30, step);
      const rows = gradient.rows.slice();
      async.p.grad = { rows, values: cuda.from(gradient.values) };
      const promise = async.optimizer.stepAsync({ maxGradNorm: 1 });
      rows.fill(0xffffffff);
      expect({ ...(await promise) }).toEqual(sync.step(gradient, { maxGradNorm: 1 }));
    }
    expectSame(async, sync.arrays, "stepAsync");
  });

  it("may be others at each step, whatever the streams of the steps are", () => {
    const [host, device] = [onHost, onDevice(0)].map((at) => new Trained(centralized, [40, 6], at)) as [Trained, Trained];
    for (const [step, stream] of [0n, 1n, 0n, 1n].entries()) {
      const gradient = sparseGradient([40, 6], 10 + 7 * step, step);
      host.step(gradient, { maxGradNorm: 1 });
      device.step(gradient, { maxGradNorm: 1, stream });
    }
    expectSame(device, host.arrays, "after steps in two streams");
  });
});

describe("what was trained with sparse gradients on a device", () => {
  it.each(["dict", "checkpoint"])("goes on from a %s on the host, and back, with the same bits", async (way) => {
    const [shape, own] = [[8, 3], { sparse_step: "row" }];
    const form: Form = { title: "RAdam", optimizer: "RAdam", options: {} };
    const whole = new Trained(form, shape, onHost, own);
    let moving = new Trained(form, shape, onDevice(0), own);
    for (let step = 1; step <= 12; ++step) {
      const gradient = sparseGradient(shape, 3, step);
      for (const one of [whole, moving]) one.step(gradient);
      if (step % 4 !== 0) continue;
      const next = new Trained(form, shape, step === 4 ? onHost : onDevice(0), {}, moving.arrays["data"]);
      if (way === "dict") next.optimizer.loadStateDict(moving.optimizer.stateDict());
      else await next.optimizer.loadState(moving.optimizer.encodeState());
      moving = next;
    }
    expectSame(moving, whole.arrays, way);
    expect(moving.state["row_steps"]).toEqual(whole.state["row_steps"]);
  });

  it("counts nothing of a step that is skipped", () => {
    const device = new Trained(adam, [4, 3], onDevice(0), { sparse_step: "row" });
    device.step(sparseGradient([4, 3], 2, 1));
    const before = device.arrays;
    const bad = { rows: Uint32Array.of(0, 3), values: wave(6, 1).fill(NaN, 5) };
    expect(device.step(bad, { skipNonFinite: true })).toMatchObject({ skipped: true });
    expectSame(device, before, "after a skipped step");
  });

  it("loses its gradient by zeroGrad", () => {
    const device = new Trained(adam, [4, 3], onDevice(0));
    device.step(sparseGradient([4, 3], 2, 1));
    device.optimizer.zeroGrad();
    expect(device.p.grad).toBeNull();
  });
});

onMockDriverAlone("a step with a sparse gradient", () => {
  const quiet = /^cu(Ctx|Stream(Get|Wait|IsCapturing)|Event|Device|Pointer|GetError|MemGet)/;
  const callsOf = (act: () => unknown): Record<string, number> => {
    mockDriver.reset();
    act();
    return Object.fromEntries(Object.entries(mockDriver.counts()).filter(([call]) => !quiet.test(call)));
  };
  const gradientOf = (step: number, rows: number[]) => ({
    rows: Uint32Array.from(rows),
    values: cuda.from(wave(32 * rows.length, step)),
  });
  const made = (options: object = {}) => {
    const dense = Array.from({ length: 1000 }, (_, k) => parameter(cuda.from(wave(3, k)), { grad: cuda.from(wave(3, k)) }));
    const table = parameter(cuda.from(wave(32 * 1000, 1)), { shape: [1000, 32], grad: gradientOf(1, [5, 3]) });
    const optimizer = new AdaBelief([...dense, table] as never[], options);
    optimizer.step();
    return { table, optimizer };
  };

  it("is one launch more, and copies its rows alone", () => {
    const { table, optimizer } = made();
    table.grad = gradientOf(2, [7, 900, 1]);
    expect(callsOf(() => optimizer.step())).toEqual({ cuLaunchKernel: 2, cuMemcpyHtoDAsync_v2: 1 });
    table.grad = gradientOf(3, [7, 900, 7]);
    expect(callsOf(() => optimizer.step())).toMatchObject({ cuLaunchKernel: 3, cuMemcpyHtoDAsync_v2: 1 });
    table.grad = null;
    expect(callsOf(() => optimizer.step())).toMatchObject({ cuLaunchKernel: 1 });
  });

  it("is one launch for all counts of rows", () => {
    const { table, optimizer } = made({ sparse_step: "row" });
    for (let step = 2; step < 20; ++step) {
      table.grad = gradientOf(
        step,
        Array.from({ length: step }, (_, row) => row),
      );
      expect(callsOf(() => optimizer.step())["cuLaunchKernel"]).toBe(2);
    }
    const { row_steps } = optimizer.state.get(table as never) as { row_steps: Uint32Array };
    expect([...row_steps.subarray(0, 8), ...row_steps.subarray(18, 20)]).toEqual([18, 18, 17, 17, 15, 15, 13, 12, 1, 0]);
  });

  it("has the same bits in whatever order threads run", () => {
    mockDriver.backwards(true);
    compare(centralized, { shape: [300, 31], count: 200, steps: 2, own: { sparse_step: "row" }, options: { maxGradNorm: 1 } });
    mockDriver.backwards(false);
  });

  it("leases the values while stepAsync is under way", async () => {
    const { table, optimizer } = made();
    const { values } = (table.grad = gradientOf(2, [7, 900, 1]));
    const promise = optimizer.stepAsync();
    expect(thrownBy(() => values.dispose())).toMatchObject({ code: "ERR_LEASED" });
    await promise;
    values.dispose();
  });
});
