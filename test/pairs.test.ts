// Every pair of features works, with the bits of its parts, or is refused with a code. The same file runs on WebAssembly
// (jest.wasm.config.mjs).
//
// A run has the features; its reference has none of them, and does by hand what each means. Values are small dyadic numbers where a
// feature's arithmetic must be exact to be done by hand.
import {
  AdaBelief,
  CosineAnnealingLR,
  GradScaler,
  WeightAverage,
  clipGradNorm,
  cuda,
  parameter,
  type AdaBeliefOptions,
  type CudaArray,
  type Floats,
  type Parameter,
  type SparseGradient,
  type StepOptions,
} from "../lib";
import { expectSameBits } from "./helpers/bits";
import { averaged as nextAverage } from "./helpers/ema";

const names = [
  "amsgrad",
  "maximize",
  "centralize",
  "lookahead",
  "ema",
  "gradScale",
  "maxGradNorm",
  "skipNonFinite",
  "out",
  "closure",
  "stepAsync",
  "state dict",
  "pytorch dict",
  "checkpoint",
  "strict: false",
  "schedule",
  "GradScaler",
  "WeightAverage",
  "device",
  "capturable",
  "sparse",
  "sparse_step: row",
] as const;
type Feature = (typeof names)[number];
type Features = ReadonlySet<Feature>;

/** The pairs that are refused, by the code. All others work. */
const refused: Partial<Record<string, string>> = {
  "maximize + pytorch dict": "ERR_STATE_DICT", // the published class would not obey it
  "centralize + pytorch dict": "ERR_STATE_DICT",
  "lookahead + pytorch dict": "ERR_STATE_DICT",
  "ema + pytorch dict": "ERR_STATE_DICT",
  "closure + stepAsync": "ERR_INVALID_OPTION",
  "closure + GradScaler": "ERR_CLOSURE", // as in PyTorch
  "strict: false + WeightAverage": "ERR_INVALID_OPTION", // averages are of all parameters
  "stepAsync + capturable": "ERR_CUDA_CAPTURE", // it waits, which no graph can
  "lookahead + sparse": "ERR_SPARSE", // it moves every element
  "ema + sparse": "ERR_SPARSE", // so does this
  "out + sparse": "ERR_SPARSE", // it has every element
  "lookahead + sparse_step: row": "ERR_INVALID_OPTION", // it counts the steps of whole parameters
  "pytorch dict + sparse_step: row": "ERR_STATE_DICT", // the published class would not obey it
  "capturable + sparse": "ERR_CUDA_CAPTURE", // a graph repeats the launches for certain rows
};

/** Whether the arrays lie on a device: those of `capturable` must. */
const isOnDevice = (features: Features): boolean => features.has("device") || features.has("capturable");

/** The code of a refusal. WebAssembly has no devices. */
const codeOf = (name: string, features: readonly Feature[]): string | undefined =>
  isOnDevice(new Set(features)) && !cuda.available ? "ERR_CUDA_UNAVAILABLE" : refused[name];

const shape = [3, 4];
const length = 12;
const steps = 8;
const badStep = 4;
const lr = 0.25;
const lookahead = { k: 3, alpha: 0.5 };
const ema = { decay: 0.9 };
const gradScale = 0.5;
const maxGradNorm = 1.5;

const initial = (): Float32Array => Float32Array.from({ length }, (_, k) => (k - 5) / 8);
const gradientAt = (step: number): Float32Array => Float32Array.from({ length }, (_, k) => (((step * 7 + k * 5) % 17) - 8) / 8);
const skips = (features: Features) => features.has("skipNonFinite") || features.has("GradScaler");
const isBad = (features: Features, step: number) => skips(features) && step === badStep;

/** The rows of a sparse gradient. Where rows have counts of their own, these are all alike. */
const rowsAt = (features: Features, step: number): number[] =>
  step < 2 || features.has("sparse_step: row") ? [1, 0, 2] : step % 2 === 0 ? [2, 0] : [1];

/** Every row twice, each time with half of its values. */
function sparseOf(grad: Float32Array, rows: readonly number[]): SparseGradient {
  const halves = rows.flatMap((row) => [...grad.subarray(row * 4, row * 4 + 4)].map((g) => g / 2));
  return { rows: Uint32Array.of(...rows, ...rows), values: Float32Array.of(...halves, ...halves) };
}

/** The lr of every epoch. */
const scheduled = (() => {
  const group = { lr };
  const schedule = new CosineAnnealingLR({ paramGroups: [group] }, { T_max: steps });
  return Array.from({ length: steps }, () => {
    const now = group.lr;
    schedule.step();
    return now;
  });
})();

interface Result {
  data: Float32Array;
  state: Record<string, Float32Array | Uint32Array | number>;
  average: Float32Array | undefined;
}

/** What the features mean, by hand. */
function reference(features: Features): Result {
  const p = parameter(initial());
  const optimizer = new AdaBelief([p], { lr, amsgrad: features.has("amsgrad") });
  const slow = initial();
  let moving: Float32Array | undefined;
  let average: Float32Array | undefined;
  let [done, averaged] = [0, 0];
  for (let step = 0; step < steps; ++step) {
    if (features.has("schedule")) (optimizer.paramGroups[0] as { lr: number }).lr = scheduled[step] as number;
    if (!isBad(features, step)) {
      stepByHand(p, optimizer, features, step);
      done += 1;
      if (features.has("lookahead") && done % lookahead.k === 0) {
        slow.forEach((value, k) => (slow[k] = value + lookahead.alpha * Math.fround((p.data[k] as number) - value)));
        p.data.set(slow);
      }
      moving = moving === undefined ? p.data.slice() : nextAverage(moving, p.data, ema.decay);
    }
    const { fround } = Math;
    averaged += 1;
    average = average?.map((a, k) => a + fround(fround((p.data[k] as number) - a) / averaged)) ?? p.data.slice();
  }
  const state = { ...optimizer.state.get(p) } as Result["state"];
  if (features.has("lookahead")) state["slow_buffer"] = slow;
  if (features.has("ema")) state["ema_buffer"] = moving as Float32Array;
  if (features.has("sparse") && features.has("sparse_step: row")) state["row_steps"] = new Uint32Array(3).fill(done);
  return { data: p.data, state, average: features.has("WeightAverage") ? average : undefined };
}

/** A step. Rows without a gradient are put back. */
function stepByHand(p: Parameter, optimizer: AdaBelief, features: Features, step: number): void {
  const arrays = (): Float32Array[] => {
    const state = Object.values((optimizer.state.get(p) ?? {}) as Record<string, Float32Array | number>);
    return [p.data, ...state.filter((value): value is Float32Array => typeof value !== "number")];
  };
  const before = arrays().map((array) => array.slice());
  p.grad = byHand(features, step);
  optimizer.step();
  if (!features.has("sparse") || step < 2) return;
  arrays().forEach((array, k) => {
    array.forEach((_, i) => {
      if (!rowsAt(features, step).includes(Math.floor(i / 4))) array[i] = before[k]?.[i] as number;
    });
  });
}

function byHand(features: Features, step: number): Float32Array {
  let grad = gradientAt(step);
  if (features.has("sparse")) grad = grad.map((g, k) => (rowsAt(features, step).includes(Math.floor(k / 4)) ? g : 0));
  if (features.has("gradScale")) grad = grad.map((g) => g * gradScale);
  if (features.has("maxGradNorm")) clipGradNorm(parameter(grad, { grad }), maxGradNorm);
  if (features.has("maximize")) grad = grad.map((g) => -g);
  if (!features.has("centralize")) return grad;
  const [rows, columns] = shape as [number, number];
  for (let row = 0; row < rows; ++row) {
    const part = grad.subarray(row * columns, (row + 1) * columns);
    const mean = Math.fround(part.reduce((sum, g) => sum + g, 0) / columns);
    part.forEach((g, k) => (part[k] = g - mean));
  }
  return grad;
}

/** A training with features. */
class Training {
  readonly #features: Features;
  #p: Parameter<Floats> & { grad?: Floats | null };
  #optimizer: AdaBelief;
  #schedule: CosineAnnealingLR | undefined;
  readonly #scaler: GradScaler | undefined;
  #average: WeightAverage | undefined;

  constructor(features: Features) {
    this.#features = features;
    this.#scaler = features.has("GradScaler") ? new GradScaler() : undefined;
    [this.#p, this.#optimizer] = this.#make(initial());
    this.#surround();
  }

  #put = (values: Float32Array): Floats => (isOnDevice(this.#features) ? cuda.from(values) : values);

  #make(values: Float32Array, extra: Parameter[] = []): [Parameter<Floats>, AdaBelief] {
    const has = (feature: Feature) => this.#features.has(feature);
    const out = has("out") ? { out: this.#put(new Float32Array(length)) } : {};
    const p = parameter(this.#put(values), { shape, name: "p", ...out }) as Parameter<Floats>;
    const options: AdaBeliefOptions = {
      lr,
      amsgrad: has("amsgrad"),
      ...(has("maximize") ? { maximize: true } : {}),
      ...(has("centralize") ? { centralize: "all" } : {}),
      ...(has("lookahead") ? { lookahead } : {}),
      ...(has("ema") ? { ema } : {}),
      ...(has("capturable") ? { capturable: true } : {}),
      ...(has("sparse_step: row") ? { sparse_step: "row" } : {}),
    };
    return [p, new AdaBelief([p as Parameter, ...extra], options)];
  }

  #surround(): void {
    if (this.#features.has("schedule")) this.#schedule = new CosineAnnealingLR(this.#optimizer, { T_max: steps });
    if (this.#features.has("WeightAverage")) this.#average = new WeightAverage(this.#optimizer);
  }

  async run(): Promise<Result> {
    for (let step = 0; step < steps; ++step) {
      await this.#step(step);
      this.#scaler?.update();
      const { out } = this.#p;
      if (out !== undefined) [this.#p.data, this.#p.out] = [out, this.#p.data];
      // A step that was left out writes no `out` either.
      if (out !== undefined && isBad(this.#features, step)) [this.#p.data, this.#p.out] = [this.#p.out as Floats, this.#p.data];
      this.#schedule?.step();
      this.#average?.update();
      if (step === 2) await this.#move(["state dict", "checkpoint"]);
      if (step === 5) await this.#move(["pytorch dict", "strict: false"]);
    }
    const read = (array: Floats): Float32Array =>
      isOnDevice(this.#features) ? (array as CudaArray).read() : (array as Float32Array);
    const state = Object.entries(this.#optimizer.state.get(this.#p as Parameter) ?? {}).map(([key, value]) => {
      return [key, typeof value === "number" || key === "row_steps" ? (value as number) : read(value as Floats)] as const;
    });
    const average = this.#average?.get(this.#p as Parameter)?.slice();
    const result = { data: read(this.#p.data).slice(), state: Object.fromEntries(state), average };
    this.#optimizer.dispose();
    return result;
  }

  #gradient(step: number): Floats {
    const scaled = this.#scaler?.scale(gradientAt(step)) ?? gradientAt(step);
    const grad = isBad(this.#features, step) ? scaled.fill(NaN, 1, 2) : scaled;
    if (!this.#features.has("sparse")) return this.#put(grad);
    const { rows, values } = sparseOf(grad, rowsAt(this.#features, step));
    return { rows, values: this.#put(values) } as never;
  }

  async #step(step: number): Promise<void> {
    const has = (feature: Feature) => this.#features.has(feature);
    const options: StepOptions = {
      ...(has("gradScale") ? { gradScale } : {}),
      ...(has("maxGradNorm") ? { maxGradNorm } : {}),
      ...(has("skipNonFinite") ? { skipNonFinite: true } : {}),
    };
    const given = Object.keys(options).length > 0 ? options : undefined;
    const compute = () => {
      this.#p.grad = this.#gradient(step);
      return step;
    };
    const optimizer = this.#optimizer as unknown as {
      step(...all: unknown[]): unknown;
      stepAsync(...all: unknown[]): Promise<unknown>;
    };
    if (has("closure")) {
      if (has("stepAsync")) await optimizer.stepAsync(compute);
      else if (this.#scaler) this.#scaler.step(this.#optimizer, compute as never);
      else expect(optimizer.step(...(given === undefined ? [compute] : [compute, given]))).toBe(step);
      return;
    }
    compute();
    const bad = isBad(this.#features, step);
    const report = this.#scaler
      ? has("stepAsync")
        ? await this.#scaler.stepAsync(this.#optimizer, given)
        : this.#scaler.step(this.#optimizer, given)
      : has("stepAsync")
        ? await optimizer.stepAsync(given)
        : optimizer.step(given);
    expect(report).toMatchObject({ updated: bad ? 0 : 1, skipped: bad });
  }

  /** Goes on in another optimizer, with what was saved of this one. */
  async #move(ways: readonly Feature[]): Promise<void> {
    for (const way of ways.filter((one) => this.#features.has(one))) {
      const [old, from, average] = [this.#p, this.#optimizer, this.#average];
      const values = isOnDevice(this.#features) ? (old.data as CudaArray).read() : (old.data as Float32Array).slice();
      const schedule = this.#schedule?.stateDict();
      const averaged = average?.stateDict();
      const with_ = average === undefined ? {} : { average };
      const dict = way.endsWith("dict") ? from.stateDict({ pytorch: way === "pytorch dict" }) : undefined;
      const bytes = dict === undefined ? from.encodeState({ parameters: true, ...with_ }) : undefined;
      const isPart = way === "strict: false";
      const extra = isPart ? [parameter(this.#put(new Float32Array(2)), { name: "new" }) as Parameter] : [];
      [this.#p, this.#optimizer] = this.#make(dict === undefined ? new Float32Array(length) : values, extra);
      this.#surround();
      const into = this.#average === undefined ? {} : { average: this.#average };
      if (dict !== undefined) {
        this.#optimizer.loadStateDict(dict);
        if (averaged !== undefined) this.#average?.loadStateDict({ ...averaged });
      } else if (isPart) {
        const report = await this.#optimizer.loadState(bytes as Uint8Array, { parameters: true, strict: false, ...into });
        expect(report).toMatchObject({ missing: ["new"], unexpected: [], keptOptions: [] });
      } else {
        await this.#optimizer.loadState(bytes as Uint8Array, { parameters: true, ...into });
      }
      if (schedule !== undefined) this.#schedule?.loadStateDict(schedule);
      from.dispose();
    }
  }
}

const pairs = names.flatMap((a, k) => names.slice(k + 1).map((b) => [`${a} + ${b}`, [a, b]] as [string, Feature[]]));
const alone = names.map((name) => [`${name} alone`, [name]] as [string, Feature[]]);

it("every pair that is refused is one of the list", () => {
  for (const pair of Object.keys(refused)) expect(pairs.map(([name]) => name)).toContain(pair);
});

const all = [...alone, ...pairs];

describe("works, with the bits of its parts", () => {
  it.each(all.filter((one) => codeOf(...one) === undefined))("%s", async (name, features) => {
    const set = new Set(features);
    const [result, wanted] = [await new Training(set).run(), reference(set)];
    expectSameBits(result.data, wanted.data, name);
    expect(Object.keys(result.state).sort()).toEqual(Object.keys(wanted.state).sort());
    for (const [key, value] of Object.entries(wanted.state)) {
      if (typeof value === "number") expect([key, result.state[key]]).toEqual([key, value]);
      else expectSameBits(result.state[key] as Float32Array, value as Float32Array, `${name}: ${key}`);
    }
    expect(result.average === undefined).toBe(wanted.average === undefined);
    if (wanted.average !== undefined) expectSameBits(result.average as Float32Array, wanted.average, `${name}: average`);
  });
});

describe("is refused with a code", () => {
  it.each(all.filter((one) => codeOf(...one) !== undefined))("%s", async (name, features) => {
    await expect((async () => new Training(new Set(features)).run())()).rejects.toMatchObject({ code: codeOf(name, features) });
  });
});
