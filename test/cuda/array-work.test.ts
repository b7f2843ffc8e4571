// Sums of gradients and clipping by hand on devices: the host's bits, wherever the arrays lie.
import { accumulate, Adam, clipGradNorm, cuda, parameter, SGD, type CudaArray, type Floats } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { mockDriver, onMockDriverAlone } from "../helpers/mock-driver";
import { onDevice, onHost, unaligned, type Placement } from "../helpers/placement";
import { thrownBy } from "../helpers/snapshot";

/** Gradients whose sums depend on the order. */
const gradient = (length: number, k: number, scale = 1) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7 + k * 1.3) * 10 ** ((i + k) % 7) * scale);
const gradients = (count: number, length: number) => Array.from({ length: count }, (_, k) => gradient(length, k));

const places: Placement[] = [onDevice(0), unaligned(0, 1), unaligned(0, 3)];
const lengths = [0, 1, 17, 1023, 4097, 10_000];
const hard = Float32Array.of(NaN, Infinity, -Infinity, 1e-45, -0, 3e38);

type Order = "sequence" | "pairs";
const sum = (into: Floats, sources: Iterable<Floats>, scale: number, order: Order) => {
  accumulate(into as CudaArray, sources as CudaArray[], scale, { order });
};

describe.each(places)("accumulate on $name", ({ put, get }) => {
  it.each<[number, Order]>(
    [1, 2, 3, 4, 5, 7, 8, 11, 33].flatMap((count) => [
      [count, "sequence"],
      [count, "pairs"],
    ]),
  )("adds %i sources up in the host's order, in %s", (count, order) => {
    for (const length of lengths) {
      const sources = gradients(count, length);
      const [into, wanted] = [put(gradient(length, 9)), gradient(length, 9)];
      sum(into, sources.map(put), 0.3, order);
      sum(wanted, sources, 0.3, order);
      expectSameBits(get(into), wanted, `${count} sources of ${length}`);
    }
  });

  it("has the host's bits for NaN, infinities and subnormal numbers", () => {
    for (const order of ["sequence", "pairs"] as const) {
      const sources = [hard, hard.slice().reverse(), hard.map((x) => -x)];
      const [into, wanted] = [put(hard.slice()), hard.slice()];
      sum(into, sources.map(put), -1e-3, order);
      sum(wanted, sources, -1e-3, order);
      expect([...get(into)]).toEqual([...wanted]);
    }
  });
});

describe("accumulate on a device", () => {
  it("does nothing without sources, and may read one source twice", () => {
    const into = cuda.from(Float32Array.of(1, 2));
    accumulate(into, []);
    const source = cuda.from(Float32Array.of(3, 4));
    accumulate(into, [source, source], 0.5);
    expect([...into.read()]).toEqual([4, 6]);
  });

  it("may follow itself on other streams", () => {
    const into = cuda.allocate(3);
    for (const [k, stream] of [0n, 1n, 0n, 1n].entries()) {
      const sources = Array.from({ length: 1 + 40 * k }, () => cuda.from(Float32Array.of(1, 2, 3)));
      accumulate(into, sources, 1, { stream });
    }
    expect([...into.read()]).toEqual([1, 2, 3].map((x) => x * (4 + 40 * 6)));
  });
});

/** Three gradients of each kind of length, the third of one element. */
const model = (puts: Placement["put"][]) =>
  [4097, 70, 1].map((length, k) =>
    parameter(puts[k % puts.length]?.(new Float32Array(length)) as CudaArray, {
      grad: puts[k % puts.length]?.(gradient(length, k, 1e-4)) as CudaArray,
    }),
  );
const host = (length: number, k: number) => gradient(length, k, 1e-4);

describe.each<[string, Placement[]]>([
  ["on a device", [onDevice(0)]],
  ["on a device, where sixteen bytes do not begin", [unaligned(0, 1)]],
  ["on the host and on a device", [onHost, onDevice(0)]],
])("clipGradNorm of gradients %s", (_, where) => {
  const read = (grad: Floats | null | undefined, k: number) => (where[k % where.length] as Placement).get(grad as Floats);

  it.each([
    [2, 0.5],
    [2, 1e9],
    [2, 0],
    [1, 0.5],
    [3, 0.5],
    [Infinity, 0.5],
  ])("of order %d to %d has the host's norm and bits", (normType, maxNorm) => {
    const [params, wanted] = [model(where.map(({ put }) => put)), model([onHost.put])];
    const norm = clipGradNorm(params, maxNorm, { normType });
    expect(norm).toBe(clipGradNorm(wanted, maxNorm, { normType }));
    params.forEach(({ grad }, k) => {
      expectSameBits(read(grad, k), (wanted[k] as (typeof wanted)[0]).grad as never, `gradient ${k}`);
    });
  });

  it("is refused where the norm is not finite and that was forbidden, and changes nothing", () => {
    const params = model(where.map(({ put }) => put));
    (params[0] as (typeof params)[0]).grad = where[0]?.put(gradient(4097, 0, Infinity)) as CudaArray;
    expect(thrownBy(() => clipGradNorm(params, 1, { errorIfNonfinite: true }))).toMatchObject({ code: "ERR_NON_FINITE" });
    expectSameBits(read((params[1] as (typeof params)[0]).grad, 1), host(70, 1), "another gradient");
    expect(clipGradNorm(params, 1)).toBeNaN();
  });
});

describe("clipGradNorm on a device", () => {
  it("takes an optimizer, leaves parameters without a gradient, and scales a shared gradient once", () => {
    const grad = cuda.from(Float32Array.of(3, 4));
    const params = [0, 1].map(() => parameter(cuda.allocate(2), { grad }));
    const optimizer = new SGD([...params, parameter(cuda.allocate(5)), parameter(cuda.allocate(0), { grad: cuda.allocate(0) })]);
    expect(clipGradNorm(optimizer, 1, { stream: 1n })).toBe(5);
    expect([...grad.read()]).toEqual([3, 4].map((x) => Math.fround(x * Math.fround(1 / (5 + 1e-6)))));
  });

  it("and a step afterwards have the bits of a step that clips", () => {
    const models = [0, 1].map(() => parameter(cuda.from(gradient(300, 1)), { grad: cuda.from(gradient(300, 2)) }));
    const [byHand, wanted] = models.map((p) => new Adam([p])) as [Adam, Adam];
    const norm = clipGradNorm(byHand, 0.25);
    byHand.step();
    expect(wanted.step({ maxGradNorm: 0.25 }).gradNorm).toBe(norm);
    const [a, b] = models.map(({ data }) => data.read()) as [Float32Array, Float32Array];
    expectSameBits(a, b, "parameters");
  });
});

onMockDriverAlone("with a driver that fails", () => {
  it.each(["cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuLaunchKernel", "cuEventRecord", "cuStreamWaitEvent"])(
    "at %s, sums and clipping are refused with a code, and can be made again",
    (call) => {
      const into = cuda.allocate(4100);
      const grad = cuda.from(gradient(4100, 0));
      const refuses = (act: () => unknown) => {
        let failed = 0;
        for (let after = 0; after < 8; ++after) {
          mockDriver.fail(call, { after, result: 2 });
          try {
            act();
          } catch (error) {
            failed += 1;
            expect(error).toMatchObject({ code: "ERR_OUT_OF_MEMORY" });
          }
          mockDriver.reset();
        }
        return failed;
      };
      refuses(() => accumulate(into, [grad, ...Array<CudaArray>(200).fill(grad)], 0));
      refuses(() => clipGradNorm(parameter(into, { grad }), 1e30));
      expectSameBits(grad.read(), gradient(4100, 0), "a gradient that was not to be clipped");
      accumulate(into, [grad]);
      expectSameBits(into.read(), gradient(4100, 0), "a sum");
    },
  );

  it("waits once for the norm, and not for a sum", () => {
    const [into, grad] = [cuda.allocate(10), cuda.from(gradient(10, 0))];
    accumulate(into, [grad]);
    mockDriver.reset();
    accumulate(into, [grad]);
    expect(mockDriver.counts()).not.toHaveProperty("cuStreamSynchronize");
    mockDriver.reset();
    clipGradNorm(parameter(into, { grad }), 1);
    expect(mockDriver.counts()).toMatchObject({ cuMemcpyDtoHAsync_v2: 1 });
  });

  it("gives all memory of a norm back", () => {
    const p = parameter(cuda.allocate(4), { grad: cuda.from(Float32Array.of(1, 2, 3, 4)) });
    clipGradNorm(p, 1);
    const before = mockDriver.live();
    for (let k = 0; k < 3; ++k) clipGradNorm(p, 1);
    expect(mockDriver.live()).toEqual(before);
  });
});

onMockDriverAlone("gradients on two devices", () => {
  it("are clipped by one norm, with the host's bits", () => {
    const [params, wanted] = [model([onDevice(0).put, onDevice(1).put]), model([onHost.put])];
    expect(clipGradNorm(params, 0.5)).toBe(clipGradNorm(wanted, 0.5));
    params.forEach(({ grad }, k) => {
      expectSameBits((grad as CudaArray).read(), (wanted[k] as (typeof wanted)[0]).grad as never, `gradient ${k}`);
    });
  });

  it("are not added up", () => {
    const [into, source] = [cuda.allocate(2), cuda.allocate(2, { device: 1 })];
    expect(thrownBy(() => accumulate(into, [source]))).toMatchObject({ code: "ERR_MIXED_DEVICES" });
  });
});
