// How a step reaches the device: one launch a group, lists that are copied when they change, streams that are kept in order, nothing
// waited for without need.
import { AdaBelief, Adam, cuda, parameter, type CudaArray, type Parameter } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { thrownBy } from "../helpers/snapshot";
import { onMockDriverAlone, mockDriver } from "../helpers/mock-driver";

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1));

type OnDevice = Parameter<CudaArray> & { grad: CudaArray | null };

function model(count: number, device = 0): OnDevice[] {
  return Array.from({ length: count }, (_, k) => {
    const values = wave(1 + (k % 7));
    return parameter(cuda.from(values, { device }), { grad: cuda.from(values, { device }) });
  });
}

/** The calls that something makes, but for those that choose the current context or ask. */
function callsOf(act: () => unknown): Record<string, number> {
  mockDriver.reset();
  act();
  const quiet = /^cu(Ctx|Stream(Get|Wait|IsCapturing)|Event|Device|Pointer|GetError|MemGet)/;
  return Object.fromEntries(Object.entries(mockDriver.counts()).filter(([call]) => !quiet.test(call)));
}

onMockDriverAlone("a step on a device", () => {
  it("of 1000 tensors is one launch a group, and nothing else", () => {
    const [all, first, second] = [model(1000), model(500), model(500)];
    const one = new AdaBelief(all);
    const two = new AdaBelief([{ params: first }, { params: second, lr: 0.1 }]);
    for (const optimizer of [one, two]) optimizer.step();
    expect(callsOf(() => one.step())).toEqual({ cuLaunchKernel: 1 });
    expect(callsOf(() => two.step())).toEqual({ cuLaunchKernel: 2 });
    const groups = two.paramGroups;
    for (const group of groups) group.lr = 0.5; // a schedule changes coefficients, and no list
    expect(callsOf(() => two.step())).toEqual({ cuLaunchKernel: 2 });
    one.dispose();
    two.dispose();
  });

  it("copies its list again when an array is another one", () => {
    const params = model(100);
    const optimizer = new AdaBelief(params);
    optimizer.step();
    (params[50] as OnDevice).grad = cuda.from(wave(2));
    expect(callsOf(() => optimizer.step())).toEqual({ cuLaunchKernel: 1, cuMemcpyHtoDAsync_v2: expect.any(Number) as number });
    expect(callsOf(() => optimizer.step())).toEqual({ cuLaunchKernel: 1 });
  });

  it("waits only where the gradients decide whether it is left out", () => {
    const optimizer = new AdaBelief(model(10));
    optimizer.step({ skipNonFinite: true });
    const waited = { cuStreamSynchronize: 1, cuMemcpyDtoHAsync_v2: 1 };
    expect(callsOf(() => optimizer.step({ skipNonFinite: true }))).toMatchObject(waited);
    expect(callsOf(() => optimizer.step())).not.toHaveProperty("cuStreamSynchronize");
    expect(callsOf(() => optimizer.synchronize())).toHaveProperty("cuStreamSynchronize");
  });

  it("that no gradient takes part in launches nothing", () => {
    const params = model(10);
    const optimizer = new AdaBelief(params);
    for (const p of params) p.grad = null;
    expect(callsOf(() => expect(optimizer.step().updated).toBe(0))).toEqual({});
  });
});

onMockDriverAlone("several devices and streams", () => {
  /** What a host does in so many steps. */
  const wanted = (steps: number) => {
    const p = parameter(wave(3), { grad: wave(3) });
    const optimizer = new Adam([p]);
    for (let step = 0; step < steps; ++step) optimizer.step();
    return p.data;
  };
  const three = () => parameter(cuda.from(wave(3)), { grad: cuda.from(wave(3)) });

  it("one optimizer steps parameters of both devices and of the host", () => {
    const params = [0, 1].map((device) => parameter(cuda.from(wave(3), { device }), { grad: cuda.from(wave(3), { device }) }));
    const host = parameter(wave(3), { grad: wave(3) });
    const optimizer = new Adam([...params, host]);
    expect(callsOf(() => expect(optimizer.step().updated).toBe(3))["cuLaunchKernel"]).toBe(2);
    expectSameBits(host.data, wanted(1), "on the host");
    for (const { data } of params) expectSameBits(data.read(), wanted(1), `on device ${data.device}`);
    expect(params.map((p) => optimizer.state.get(p)?.exp_avg.device)).toEqual([0, 1]);
  });

  it("a stream of one of two devices does not do for the other", () => {
    const params = [0, 1].map((device) => parameter(cuda.from(wave(3), { device }), { grad: cuda.from(wave(3), { device }) }));
    const optimizer = new Adam(params);
    expect(thrownBy(() => optimizer.step({ stream: mockDriver.makeStream(1) }))).toMatchObject({ code: "ERR_CUDA_STREAM" });
    for (const { data } of params) expectSameBits(data.read(), wave(3), "untouched");
    optimizer.step();
    for (const { data } of params) expectSameBits(data.read(), wanted(1), "stepped");
  });

  it("a step may be in the order of any stream of its device, and the next one in another's", () => {
    const p = three();
    const optimizer = new Adam([p]);
    const [one, other] = [mockDriver.makeStream(0), mockDriver.makeStream(0)];
    for (const stream of [one, other, 0n, one]) optimizer.step({ stream });
    mockDriver.reset();
    optimizer.step({ stream: other }); // waits on the device for what the stream before it still does
    expect(mockDriver.counts()).toMatchObject({ cuStreamWaitEvent: 1 });
    expect(mockDriver.counts()).not.toHaveProperty("cuStreamSynchronize");
    optimizer.synchronize();
    expectSameBits(p.data.read(), wanted(5), "after five steps");
  });

  it("after a refused step, a step on another stream writes the state anew and waits for the first stream", () => {
    const p = three();
    const optimizer = new Adam([p]);
    const [one, other] = [mockDriver.makeStream(0), mockDriver.makeStream(0)];
    mockDriver.fail("cuLaunchKernel", { result: 701 });
    expect(thrownBy(() => optimizer.step({ stream: one }))).toMatchObject({ code: "ERR_CUDA" });
    mockDriver.reset();
    optimizer.step({ stream: other });
    // Zeros are written anew, and what the first one copied is waited for.
    expect(mockDriver.counts()).toMatchObject({ cuMemAlloc_v2: 2, cuMemsetD32Async: 2, cuStreamWaitEvent: 1 });
    expectSameBits(p.data.read(), wanted(1), "after one step");
  });

  it("stepAsync is resolved when its stream is done, in the order of the steps", async () => {
    const p = three();
    const optimizer = new Adam([p]);
    const stream = mockDriver.makeStream(0);
    expect(await optimizer.stepAsync({ stream })).toEqual({ updated: 1, skipped: false });
    optimizer.step();
    expect((await optimizer.stepAsync({ stream, maxGradNorm: Infinity })).gradNorm).toBeCloseTo(Math.hypot(...wave(3)), 6);
    expectSameBits(p.data.read(), wanted(3), "after three steps");
  });

  it("zeroGrad fills gradients in the order of a stream, on the host and on devices", () => {
    const [p, host] = [three(), parameter(wave(3), { grad: wave(3) })];
    const optimizer = new Adam([p, host]);
    expect(callsOf(() => optimizer.zeroGrad({ stream: mockDriver.makeStream(0) }))).toEqual({ cuMemsetD32Async: 1 });
    expectSameBits((p.grad as CudaArray).read(), new Float32Array(3), "on the device");
    expectSameBits(host.grad as Float32Array, new Float32Array(3), "on the host");
    optimizer.zeroGrad({ set_to_none: true });
    expect([p.grad, host.grad]).toEqual([null, null]);
  });

  it("kernels do the same in whatever order their threads run", () => {
    mockDriver.backwards(true);
    const p = three();
    new Adam([p]).step({ maxGradNorm: 1e9 });
    mockDriver.backwards(false);
    expectSameBits(p.data.read(), wanted(1), "backwards");
  });
});
