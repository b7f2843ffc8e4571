// Wherever its arrays lie, a step has the same bits: every optimizer, every length, every place in sixteen bytes.
import * as library from "../../lib";
import { cuda, parameter, type AnyParameter, type Floats, type Optimizer, type StepOptions } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { onDevice, onHost, unaligned, type Placement } from "../helpers/placement";
import { makeRandom } from "../helpers/random";

type Any = Pick<Optimizer<{ lr: number }>, "step" | "state" | "dispose">;
type Make = (params: AnyParameter[]) => Any;

const seed = 41;
const of =
  (name: string, options: object = {}): Make =>
  (params) => {
    const found = (library as unknown as Record<string, unknown>)[name];
    return new (found as new (params: AnyParameter[], options: object) => Any)(params, options);
  };

const optimizers: [string, Make][] = [
  ["AdaBelief 0.0.5", of("AdaBelief", { eps: 1e-12 })],
  ["AdaBelief 0.0.5, amsgrad, coupled decay", of("AdaBelief", { amsgrad: true, weight_decay: 0.1 })],
  ["AdaBelief 0.2.1", of("AdaBelief", { version: "0.2.1", weight_decay: 0.1 })],
  ["AdaBelief tf-0.2.1", of("AdaBelief", { version: "tf-0.2.1", amsgrad: true })],
  ["AdaBelief, centralized", of("AdaBelief", { centralize: "all", weight_decay: 0.1 })],
  ["RangerAdaBelief", of("RangerAdaBelief", { k: 3, weight_decay: 0.1 })],
  ["RangerAdaBelief, late centralization", of("RangerAdaBelief", { k: 3, gc_loc: false, weight_decay: 0.1 })],
  ["SGD", of("SGD", { lr: 0.1, weight_decay: 0.1 })],
  ["SGD, Nesterov's momentum", of("SGD", { lr: 0.1, momentum: 0.9, nesterov: true })],
  ["Adam", of("Adam", { amsgrad: true, weight_decay: 0.1 })],
  ["AdamW, centralized", of("AdamW", { centralize: "conv" })],
  ["RAdam", of("RAdam")],
  ["Yogi", of("Yogi")],
  ["MSVAG", of("MSVAG")],
  ["Fromage", of("Fromage")],
  ["AdaBound", of("AdaBound")],
  ["Lion", of("Lion", { weight_decay: 0.1 })],
  ["Adam with a moving average", of("Adam", { amsgrad: true, ema: { decay: 0.9 } })],
  ["RangerAdaBelief with a moving average", of("RangerAdaBelief", { k: 3, gc_loc: false, ema: { decay: 0.3 } })],
  ["Lookahead around Adam", (params) => new library.Lookahead(new library.Adam(params), { k: 2, alpha: 0.4 })],
];

/** All lengths up to four times a warp's fours and around what a block takes, and tensors with dimensions. */
const shapes: number[][] = [
  ...Array.from({ length: 71 }, (_, length) => [length]),
  ...[4095, 4096, 4097, 8193].map((length) => [length]),
  ...[
    [7, 5],
    [3, 4097],
    [5, 3, 2, 2],
    [4, 1, 3, 3, 2],
    [0, 4],
    [4, 0],
  ],
];

const hard = [0, -0, 1e-45, -1e-40, 3e38, 1e-20, -1, 0.1];

function valuesOf(random: ReturnType<typeof makeRandom>, length: number, scale: number): Float32Array {
  const number = () => (random.below(50) === 0 ? random.pick(hard) : (random.word() / 2 ** 31 - 1) * scale);
  return Float32Array.from({ length }, number);
}

/** What each step is told. The one before the last finds a NaN and is left out. */
const steps: StepOptions[] = [
  {},
  { gradScale: 0.3 },
  { maxGradNorm: 1 },
  { skipNonFinite: true },
  {},
  { skipNonFinite: true },
  {},
];
const poisoned = 5;

interface Trace {
  reports: unknown[];
  arrays: { what: string; values: Float32Array }[];
}

/** Trains, and returns all that there is to compare. `placementOf` says where each parameter lies. */
function trace(make: Make, placementOf: (index: number) => Placement): Trace {
  const random = makeRandom(seed);
  const placements = shapes.map((_, k) => placementOf(k));
  const lengths = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
  const params = lengths.map((length, k) => {
    const { put } = placements[k] as Placement;
    return parameter(put(valuesOf(random, length, 1)), { shape: shapes[k] as number[] });
  });
  const optimizer = make(params as AnyParameter[]);
  const reports = steps.map((options, step) => {
    params.forEach((p, k) => {
      const { put, drop } = placements[k] as Placement;
      if (p.grad) drop(p.grad);
      const values = valuesOf(random, lengths[k] as number, 0.5);
      if (step === poisoned && k === 40) values[7] = Number.NaN;
      p.grad = (k + step) % 11 === 0 ? null : put(values);
    });
    return optimizer.step(options);
  });
  const arrays = params.flatMap((p, k) => {
    const state = (optimizer.state.get(p) ?? {}) as Record<string, Floats | number>;
    const named = Object.entries(state).filter(([, value]) => typeof value !== "number") as [string, Floats][];
    const what = `[${(shapes[k] as number[]).join(", ")}]`;
    const { get } = placements[k] as Placement;
    const states = named.map(([key, array]) => ({
      what: `${key} of ${what}`,
      values: array instanceof library.CudaArray ? array.read() : array.slice(),
    }));
    return [{ what: `data of ${what}`, values: get(p.data).slice() }, ...states];
  });
  params.forEach((p, k) => [p.data, p.grad].forEach((array) => array && (placements[k] as Placement).drop(array)));
  optimizer.dispose();
  return { reports, arrays };
}

function expectSame(actual: Trace, wanted: Trace, name: string): void {
  expect(actual.reports).toEqual(wanted.reports);
  expect(actual.arrays.map(({ what }) => what)).toEqual(wanted.arrays.map(({ what }) => what));
  actual.arrays.forEach(({ what, values }, k) =>
    expectSameBits(values, (wanted.arrays[k] as Trace["arrays"][number]).values, `seed ${seed}, ${name}: ${what}`),
  );
}

const last = () => cuda.devices.length - 1;
const places: [string, (index: number) => Placement][] = [
  ["on a device", () => onDevice(0)],
  ["on a device, 4, 8 and 12 bytes off", (k) => unaligned(0, 1 + (k % 3))],
  [
    "partly on the host, partly on devices",
    (k) => [onHost, onDevice(0), onDevice(last()), unaligned(last(), 3)][k % 4] as Placement,
  ],
];

describe.each(optimizers)("%s has the host's bits and reports", (name, make) => {
  const wanted = trace(make, () => onHost);

  it("in a training that tells right from wrong", () => {
    expect(wanted.reports.map((report) => (report as library.StepReport).skipped)).toEqual(steps.map((_, k) => k === poisoned));
    expect(wanted.arrays.some(({ values }) => values.some((value) => Number.isFinite(value) && value !== 0))).toBe(true);
  });

  it.each(places)("%s", (_, placementOf) => expectSame(trace(make, placementOf), wanted, name));
});

describe("the stateless update", () => {
  it.each([1, 5, 64, 4099])("of %d elements has the host's bits on a device", (length) => {
    const random = makeRandom(seed + length);
    const arrays = () => {
      const values = valuesOf(random, 5 * length, 1).map(Math.abs);
      const part = (k: number) => values.slice(k * length, (k + 1) * length);
      return { data: part(0), grad: part(1), exp_avg: part(2), exp_avg_var: part(3), max_exp_avg_var: part(4) };
    };
    const host = arrays();
    const entries = Object.entries(host).map(([key, values]) => [key, cuda.from(values)] as const);
    const device = Object.fromEntries(entries) as Record<keyof typeof host, library.CudaArray>;
    library.update({ ...host, step: 3, amsgrad: true, rectify: true });
    library.update({ ...device, step: 3, amsgrad: true, rectify: true });
    for (const [key, array] of entries) expectSameBits(array.read(), host[key as keyof typeof host], key);
  });
});
