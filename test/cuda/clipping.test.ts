// A step that clips on a device leaves the norm there and does not wait. Its report reads the norm when somebody asks.
import { AdaBelief, Adam, cuda, parameter, type CudaArray, type Parameter } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { mockDriver, onMockDriverAlone } from "../helpers/mock-driver";
import { thrownBy } from "../helpers/snapshot";

const wave = (length: number, scale = 1) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1) * scale);

type OnDevice = Parameter<CudaArray> & { grad: CudaArray };

const lengths = [5, 70, 4100, 0, 1];
const models = () => ({
  host: lengths.map((length) => parameter(wave(length), { grad: wave(length) })),
  device: lengths.map((length) => parameter(cuda.from(wave(length)), { grad: cuda.from(wave(length)) })) as OnDevice[],
});

describe("a clipped step on a device", () => {
  it("has the host's bits and norms, whether it clips or not", () => {
    const { host, device } = models();
    const optimizers = [new Adam(host), new Adam(device)] as const;
    for (const maxGradNorm of [0.5, 1e9, 0, Infinity, 1]) {
      const [wanted, report] = optimizers.map((optimizer) => optimizer.step({ maxGradNorm, gradScale: 0.3 }));
      expect(report).toEqual(wanted);
      device.forEach(({ data }, k) =>
        expectSameBits(data.read(), (host[k] as (typeof host)[0]).data, `maxGradNorm ${maxGradNorm}`),
      );
    }
    const nan = wave(5).fill(Number.NaN);
    (host[0] as (typeof host)[0]).grad = nan;
    (device[0] as OnDevice).grad.write(nan);
    expect(optimizers.map((optimizer) => optimizer.step({ maxGradNorm: 1 }).gradNorm)).toEqual([Number.NaN, Number.NaN]);
    device.forEach(({ data }, k) => expectSameBits(data.read(), (host[k] as (typeof host)[0]).data, "after a NaN"));
  });

  it("has a report whose norm is its own after later steps, however many", () => {
    const grad = cuda.from(wave(3));
    const optimizer = new AdaBelief([parameter(cuda.from(wave(3)), { grad })]);
    const reports = Array.from({ length: 600 }, (_, k) => {
      grad.write(wave(3, k));
      return optimizer.step({ maxGradNorm: 1 });
    });
    const norm = (k: number) => Math.sqrt(wave(3, k).reduce((sum, x) => sum + x * x, 0));
    for (const k of [599, 0, 255, 256, 300]) expect(reports[k]?.gradNorm).toBeCloseTo(norm(k), 3);
    optimizer.dispose();
    expect(reports[100]?.gradNorm).toBeCloseTo(norm(100), 3);
  });

  it("may be on another stream than the one before", () => {
    const optimizer = new AdaBelief([parameter(cuda.from(wave(3)), { grad: cuda.from(wave(3)) })]);
    const reports = [{}, { stream: 1n }, {}].map((options) => optimizer.step({ maxGradNorm: 1, ...options }));
    expect(new Set(reports.map(({ gradNorm }) => gradNorm)).size).toBe(1);
    expect(reports[0]?.gradNorm).toBeCloseTo(Math.hypot(...wave(3)), 6);
  });

  it("refuses to read a norm during a step on another thread", async () => {
    const optimizer = new AdaBelief([parameter(cuda.from(wave(3)), { grad: cuda.from(wave(3)) })]);
    const report = optimizer.step({ maxGradNorm: 1 });
    const under = optimizer.stepAsync({ maxGradNorm: 1 });
    expect(thrownBy(() => report.gradNorm)).toMatchObject({ code: "ERR_BUSY" });
    expect((await under).gradNorm).toBe(report.gradNorm);
  });
});

onMockDriverAlone("the driver's calls of a clipped step", () => {
  const count = (act: () => unknown) => {
    mockDriver.reset();
    act();
    return mockDriver.counts();
  };

  it("are five launches, and no wait", () => {
    const optimizer = new AdaBelief(models().device);
    optimizer.step({ maxGradNorm: 1 });
    const calls = count(() => optimizer.step({ maxGradNorm: 1 }));
    expect(calls["cuLaunchKernel"]).toBe(5);
    for (const call of ["cuStreamSynchronize", "cuMemcpyDtoHAsync_v2", "cuMemAlloc_v2"]) expect(calls).not.toHaveProperty(call);
  });

  it("wait when the norm is read, and only then", () => {
    const report = new AdaBelief(models().device).step({ maxGradNorm: 1 });
    expect(count(() => report.gradNorm)).toMatchObject({ cuMemcpyDtoHAsync_v2: 1 });
    expect(count(() => report.gradNorm)).toEqual({});
  });

  it("wait within the step where parameters lie elsewhere too, or it may be left out", () => {
    const { host, device } = models();
    const mixed = new AdaBelief([...host, ...device]);
    expect(count(() => mixed.step({ maxGradNorm: 1 }))).toHaveProperty("cuMemcpyDtoHAsync_v2");
    const skipping = new AdaBelief(models().device);
    expect(count(() => skipping.step({ maxGradNorm: 1, skipNonFinite: true }))).toHaveProperty("cuMemcpyDtoHAsync_v2");
  });

  it("that fail change nothing, and the step can be made again", () => {
    const { host, device } = models();
    const optimizer = new Adam(device);
    for (let after = 0; after < 5; ++after) {
      mockDriver.fail("cuLaunchKernel", { after, result: 701 });
      expect(thrownBy(() => optimizer.step({ maxGradNorm: 0.5 }))).toMatchObject({ code: "ERR_CUDA" });
      mockDriver.reset();
    }
    const report = optimizer.step({ maxGradNorm: 0.5 });
    expect(report).toEqual(new Adam(host).step({ maxGradNorm: 0.5 }));
    device.forEach(({ data }, k) => expectSameBits(data.read(), (host[k] as (typeof host)[0]).data, "after one step"));
  });
});
