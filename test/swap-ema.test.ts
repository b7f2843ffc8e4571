// swapEma exchanges parameters and moving averages. What would lose one of the two is refused.
import { Adam, Lookahead, SGD, cuda, parameter, type CudaArray, type Optimizer, type Parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { emaOf, follower, stepTo } from "./helpers/ema";
import { itOnDevices, itOnThreads } from "./helpers/native-only";
import { snapshot, thrownBy } from "./helpers/snapshot";

const floats = (...values: number[]) => Float32Array.from(values);

/** Three parameters: two with averages, of which one has no elements, and one that never had a gradient. */
function trained() {
  const params = [3, 0, 2].map((length, k) => parameter(new Float32Array(length).fill(k + 1), { name: `p${k}` }));
  const optimizer = new SGD(params, { lr: 1, ema: { decay: 0.5 } });
  for (let step = 0; step < 2; ++step) {
    for (const p of params.slice(0, 2)) p.grad = new Float32Array(p.data.length).fill(-1);
    optimizer.step();
  }
  return { params, optimizer };
}

const all = ({ params, optimizer }: ReturnType<typeof trained>) => snapshot(optimizer as never, params);

describe("swapEma", () => {
  it("puts the averages into the parameters, and back, and nothing else changes", () => {
    const training = trained();
    const { params, optimizer } = training;
    const before = all(training);
    const [p, , still] = params as [Parameter, Parameter, Parameter];
    const average = emaOf(optimizer, p).slice();
    expect(optimizer.swapEma()).toBe(true);
    expect([p.data, emaOf(optimizer, p)]).toEqual([average, floats(3, 3, 3)]);
    expect(still.data).toEqual(floats(3, 3));
    expect(optimizer.state.get(p)?.step).toBe(2);
    expect(optimizer.swapEma()).toBe(false);
    expect(all(training)).toEqual(before);
  });

  it("keeps every bit, also of numbers that are none", () => {
    const { p, optimizer } = follower(2, {});
    stepTo(optimizer, p, floats(1, 2));
    const bits = new Uint32Array(p.data.buffer);
    bits.set([0x7f800001, 0xffc12345]);
    optimizer.swapEma();
    optimizer.swapEma();
    expect([...bits]).toEqual([0x7f800001, 0xffc12345]);
  });

  it("makes no difference to the training that goes on", () => {
    const [swapping, plain] = [trained(), trained()];
    swapping.optimizer.swapEma();
    swapping.optimizer.swapEma();
    for (const { params, optimizer } of [swapping, plain]) {
      for (const p of params) p.grad = new Float32Array(p.data.length).fill(0.5);
      optimizer.step();
    }
    expect(all(swapping)).toEqual(all(plain));
  });

  it("is one exchange for both views of an optimizer with Lookahead", () => {
    const { params, optimizer } = trained();
    const around = new Lookahead(optimizer, { k: 2 });
    around.swapEma();
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_AVERAGE" });
    expect(optimizer.swapEma()).toBe(false);
    expect(params[0]?.data).toEqual(floats(3, 3, 3));
  });

  it("exchanges with the arrays that the parameters have now", () => {
    const { params, optimizer } = trained();
    const [p] = params as [Parameter];
    optimizer.swapEma();
    p.data = floats(7, 8, 9);
    optimizer.swapEma();
    expect([p.data, emaOf(optimizer, p)]).toEqual([floats(3, 3, 3), floats(7, 8, 9)]);
  });

  it("goes back where the option was turned off in the meantime", () => {
    const { params, optimizer } = trained();
    optimizer.swapEma();
    for (const group of optimizer.paramGroups) group.ema = null;
    expect(optimizer.swapEma()).toBe(false);
    expect(params[0]?.data).toEqual(floats(3, 3, 3));
    optimizer.step();
    expect(optimizer.state.get(params[0] as Parameter)).toBeUndefined();
  });

  it("leaves the averages in the parameters of an optimizer that is disposed of", () => {
    const { params, optimizer } = trained();
    const average = emaOf(optimizer, params[0] as Parameter).slice();
    optimizer.swapEma();
    optimizer.dispose();
    expect(params[0]?.data).toEqual(average);
    expect(thrownBy(() => optimizer.swapEma())).toMatchObject({ code: "ERR_DISPOSED" });
  });
});

describe("while the averages are in the parameters", () => {
  it.each<[string, (optimizer: SGD) => unknown]>([
    ["step", (optimizer) => optimizer.step()],
    ["step with a closure", (optimizer) => optimizer.step(() => 1)],
    ["stepAsync", (optimizer) => optimizer.stepAsync()],
    ["reset", (optimizer) => optimizer.reset()],
    ["addParamGroup", (optimizer) => optimizer.addParamGroup({ params: parameter(new Float32Array(1)) })],
    ["stateDict", (optimizer) => optimizer.stateDict()],
    [
      "loadStateDict",
      (optimizer) => optimizer.loadStateDict(new SGD([new Float32Array(1)].map((x) => parameter(x))).stateDict()),
    ],
    ["saveState", (optimizer) => optimizer.saveState("/nowhere/at-all")],
    ["encodeState", (optimizer) => optimizer.encodeState()],
    ["loadState", (optimizer) => optimizer.loadState(new Uint8Array(0))],
  ])("%s is refused, and changes nothing", async (_, act) => {
    const training = trained();
    training.optimizer.swapEma();
    const before = all(training);
    await expect(new Promise((resolve) => resolve(act(training.optimizer)))).rejects.toMatchObject({
      code: "ERR_AVERAGE",
      message: expect.stringContaining("call swapEma() first") as string,
    });
    expect(all(training)).toEqual(before);
    expect(training.optimizer.swapEma()).toBe(false);
  });

  it("gradients can be set to zero, and groups looked at", () => {
    const { params, optimizer } = trained();
    optimizer.swapEma();
    optimizer.zeroGrad();
    optimizer.synchronize();
    expect(params[0]?.grad).toEqual(floats(0, 0, 0));
    expect(optimizer.paramGroups[0]?.ema).toEqual({ decay: 0.5 });
  });
});

describe("an exchange that is refused changes nothing:", () => {
  it("before the first average", () => {
    const { p, optimizer } = follower(2, {});
    expect(thrownBy(() => optimizer.swapEma())).toMatchObject({ code: "ERR_AVERAGE" });
    expect(thrownBy(() => follower(2, null).optimizer.swapEma())).toMatchObject({ code: "ERR_AVERAGE" });
    p.grad = new Float32Array(2);
    optimizer.step(); // a refused exchange leaves it usable
  });

  it.each<[string, (p: Parameter, other: Parameter) => void, string]>([
    ["another length", (p) => (p.data = new Float32Array(2)), "ERR_RESIZED"],
    ["another type", (p) => (p.data = new Float64Array(3) as never), "ERR_NOT_FLOAT32"],
    ["no data", (p) => (p.data = null as never), "ERR_NOT_FLOAT32"],
    [
      "data without memory",
      (p) => void structuredClone(p.data.buffer, { transfer: [p.data.buffer as ArrayBuffer] }),
      "ERR_DETACHED",
    ],
    ["the data of another", (p, other) => (p.data = other.data), "ERR_OVERLAP"],
  ])("a parameter with %s", (_, change, code) => {
    const [one, other] = [3, 3].map((length) => parameter(new Float32Array(length), { grad: new Float32Array(length).fill(-1) }));
    const optimizer = new SGD([other, one] as Parameter[], { lr: 1, ema: {} });
    optimizer.step();
    change(one as Parameter, other as Parameter);
    expect(thrownBy(() => optimizer.swapEma())).toMatchObject({ code });
    expect(other?.data).toEqual(floats(1, 1, 1));
    expect(emaOf(optimizer, one as Parameter)).toEqual(floats(1, 1, 1));
    expect(optimizer.encodeState().length).toBeGreaterThan(0); // it is not swapped
  });

  it("an average whose memory was taken away", () => {
    const { p, optimizer } = follower(3, {});
    stepTo(optimizer, p, floats(1, 2, 3));
    const ema = emaOf(optimizer, p);
    structuredClone(ema.buffer, { transfer: [ema.buffer as ArrayBuffer] });
    expect(thrownBy(() => optimizer.swapEma())).toMatchObject({ code: "ERR_DETACHED" });
    expect(p.data).toEqual(floats(1, 2, 3));
  });

  it("an accessor that throws", () => {
    const p = { data: new Float32Array(1), grad: floats(-1) };
    const optimizer = new SGD([p], { lr: 1, ema: {} });
    optimizer.step();
    Object.defineProperty(p, "data", {
      get: () => {
        throw new Error("mine");
      },
    });
    const error = thrownBy(() => optimizer.swapEma());
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER", cause: { message: "mine" } });
  });

  itOnThreads("a step under way on another thread", async () => {
    const p = parameter(new Float32Array(200_000), { grad: new Float32Array(200_000) });
    const [one, other] = [new Adam([p], { ema: {} }), new Adam([p])];
    one.step();
    const own = one.stepAsync();
    expect(thrownBy(() => one.swapEma())).toMatchObject({ code: "ERR_BUSY" });
    await own;
    const others = other.stepAsync();
    expect(thrownBy(() => one.swapEma())).toMatchObject({ code: "ERR_LEASED" });
    await others;
    expect(one.swapEma()).toBe(true);
  });

  it("a call from within a closure", () => {
    const { p, optimizer } = follower(1, {});
    stepTo(optimizer, p, floats(1));
    const error = thrownBy(() => optimizer.step(() => void optimizer.swapEma()));
    expect(error).toMatchObject({ code: "ERR_BUSY" });
    expect(p.data).toEqual(floats(1));
  });
});

describe("parameters on a device", () => {
  const onDevice = () => {
    const params = [5, 9].map((length) =>
      parameter(cuda.from(new Float32Array(length)), { grad: cuda.from(new Float32Array(length).fill(-1)) }),
    );
    return { params, optimizer: new Adam(params, { lr: 0.5, ema: { decay: 0.5 } }) };
  };

  itOnDevices("have their averages there, with the bits of the host", () => {
    const { params, optimizer } = onDevice();
    const hosts = params.map(({ data, grad }) => parameter(data.read(), { grad: (grad as CudaArray).read() }));
    const host = new Adam(hosts, { lr: 0.5, ema: { decay: 0.5 } });
    for (let step = 0; step < 3; ++step) for (const one of [optimizer, host] as Optimizer[]) one.step();
    for (let swaps = 0; swaps < 3; ++swaps) {
      params.forEach((p, k) => {
        const ema = emaOf(optimizer, p) as unknown as CudaArray;
        expect(ema.device).toBe(0);
        expectSameBits(p.data.read(), hosts[k]?.data as Float32Array, "data");
        expectSameBits(ema.read(), emaOf(host, hosts[k] as Parameter), "average");
      });
      expect(optimizer.swapEma()).toBe(host.swapEma());
    }
    optimizer.dispose();
  });

  itOnDevices("are left alone where one of them was disposed of", () => {
    const { params, optimizer } = onDevice();
    optimizer.step();
    optimizer.step();
    const before = params[0]?.data.read() as Float32Array;
    params[1]?.data.dispose();
    expect(thrownBy(() => optimizer.swapEma())).toMatchObject({ code: "ERR_DISPOSED" });
    expectSameBits(params[0]?.data.read() as Float32Array, before, "data");
    optimizer.dispose();
  });
});
