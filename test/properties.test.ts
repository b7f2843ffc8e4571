// Random calls, random options and hostile values: whatever is thrown has a code, whatever is thrown has changed nothing,
// and whatever is done has the bits of the scalar backend. fast-check prints the seed and the smallest case that fails.
import fc from "fast-check";
import { AdaBelief, cpu, cuda, parameter, update, type Parameter } from "../lib";
import { snapshot } from "./helpers/snapshot";

const seed = 20201;
const runs = Number(process.env["ADABELIEF_PROPERTY_RUNS"] ?? 400);

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    "0.1",
    "",
    -1,
    Number.NaN,
    Infinity,
    -Infinity,
    1e300,
    -0,
    1n,
    Symbol("s"),
    [],
    {},
    () => 1,
  ),
  fc
    .constantFrom<() => unknown>(
      () => new Float32Array(0),
      () => new Float32Array(3),
      () => new Float64Array(4),
      () => new DataView(new ArrayBuffer(16)),
      () => new Float32Array(new SharedArrayBuffer(16)),
      () => cuda.allocate(4),
      () => cuda.from(new Float32Array(17)),
      () => {
        const array = cuda.allocate(4);
        array.dispose();
        return array;
      },
      () => new Proxy(new Float32Array(4), {}),
      () => Object.create(Float32Array.prototype) as unknown,
      () => Object.create(null) as unknown,
      () => {
        const array = new Float32Array(4);
        structuredClone(array.buffer, { transfer: [array.buffer] });
        return array;
      },
      () => ({
        get length() {
          throw Object.assign(new Error("mine"), { code: "MINE" });
        },
      }),
    )
    .map((make) => make()),
  fc.anything({ maxDepth: 2, withBigInt: true, withTypedArray: true, withNullPrototype: true }),
);

const float = fc.oneof(
  fc.float({ noDefaultInfinity: false }),
  fc.constantFrom(0, -0, 1e-45, -1e-40, 3.4e38, Infinity, Number.NaN),
);
const rate = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1e-3, 1e-16, 1e30, Infinity));
const beta = fc.oneof(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(0, 0.9, 0.999));
const goodOptions = fc.record(
  {
    lr: rate,
    betas: fc.tuple(beta, beta),
    eps: rate,
    weight_decay: rate,
    amsgrad: fc.boolean(),
    weight_decouple: fc.boolean(),
    fixed_decay: fc.boolean(),
    rectify: fc.boolean(),
  },
  { requiredKeys: [] },
);
const key = fc.constantFrom(
  "lr",
  "betas",
  "eps",
  "weight_decay",
  "amsgrad",
  "rectify",
  "weight_decouple",
  "fixed_decay",
  "name",
  "learningRate",
);
const field = fc.constantFrom<keyof Parameter>("data", "grad", "out");

type Action = { kind: string; apply: (optimizer: AdaBelief, parameters: Parameter[]) => unknown };
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Action>({ kind: "step", apply: (o) => o.step() }) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(3), fc.array(float, { minLength: 9, maxLength: 9 })).map(([k, values]): Action => ({
      kind: `gradient ${k}`,
      apply: (_, ps) =>
        ps[k] && (ps[k].grad = Float32Array.from({ length: ps[k].data.length }, (__, i) => values[i % 9] as number)),
    })),
  },
  goodOptions.map((options): Action => ({
    kind: `options ${JSON.stringify(options)}`,
    apply: (o) => Object.assign(o.paramGroups[0] as object, options),
  })),
  fc.tuple(key, hostile).map(([name, value]): Action => ({
    kind: `hostile option ${name}`,
    apply: (o) => Object.assign(o.paramGroups[0] as object, { [name]: value }),
  })),
  fc.tuple(fc.nat(3), field, hostile).map(([k, where, value]): Action => ({
    kind: `hostile ${where} of ${k}`,
    apply: (_, ps) => ps[k] && Object.assign(ps[k], { [where]: value }),
  })),
  hostile.map((value): Action => ({ kind: "hostile argument of step", apply: (o) => o.step(value as never) })),
  hostile.map((value): Action => ({ kind: "hostile state dict", apply: (o) => o.loadStateDict(value as never) })),
  hostile.map((value): Action => ({ kind: "hostile group", apply: (o) => o.addParamGroup({ params: value } as never) })),
  fc.tuple(fc.constantFrom("state", "param_groups", "version", "optimizer"), hostile).map(([name, value]): Action => ({
    kind: `hostile ${name} in a state dict`,
    apply: (o) => o.loadStateDict({ ...o.stateDict(), [name]: value }),
  })),
  fc.tuple(fc.constantFrom("step", "exp_avg", "exp_avg_var"), hostile).map(([name, value]): Action => ({
    kind: `hostile ${name} in a state`,
    apply: (o) => {
      const dict = o.stateDict();
      o.loadStateDict({ ...dict, state: { ...dict.state, 0: { ...dict.state["0"], [name]: value } } });
    },
  })),
  fc.constant<Action>({ kind: "round trip", apply: (o) => o.loadStateDict(o.stateDict()) }),
  fc.constant<Action>({ kind: "reset", apply: (o) => o.reset() }),
  fc.constant<Action>({ kind: "zeroGrad", apply: (o) => o.zeroGrad() }),
);

const codeOf = (error: unknown) => (error as { code?: string }).code;

describe("random calls in random order with random values", () => {
  afterEach(() => (cpu.backend = cpu.backends[0] as string));

  it(`an error has a code and has changed nothing; a step has the same bits on every backend (seed ${seed}, ${runs} cases)`, () => {
    let stepped = 0;
    let refused = 0;
    fc.assert(
      fc.property(goodOptions, fc.array(action, { maxLength: 25 }), (options, actions) => {
        const histories = cpu.backends.map((backend) => {
          cpu.backend = backend;
          const parameters: Parameter[] = [1, 4, 17, 0].map((length) => parameter(new Float32Array(length).fill(0.5)));
          const optimizer = new AdaBelief(parameters, options);
          return actions.map(({ kind, apply }) => {
            const before = snapshot(optimizer, parameters);
            try {
              apply(optimizer, parameters);
              stepped += Number(kind === "step");
              return snapshot(optimizer, parameters);
            } catch (error) {
              refused += 1;
              if (!/^ERR_|^MINE$/.test(codeOf(error) ?? "")) throw error;
              expect(snapshot(optimizer, parameters)).toEqual(before);
              return codeOf(error);
            }
          });
        });
        for (const history of histories) expect(history).toEqual(histories[0]);
      }),
      { seed, numRuns: runs },
    );
    expect(stepped).toBeGreaterThan(runs);
    expect(refused).toBeGreaterThan(runs);
  });

  it(`the constructor takes or refuses anything (seed ${seed})`, () => {
    fc.assert(
      fc.property(hostile, hostile, key, (params, value, name) => {
        for (const make of [
          () => new AdaBelief(params as never),
          () => new AdaBelief([params] as never),
          () => new AdaBelief([{ params: [{ data: params }] }] as never),
          () => new AdaBelief([parameter(new Float32Array(2))], value as never),
          () => new AdaBelief([parameter(new Float32Array(2))], { [name]: value }),
        ]) {
          try {
            make();
          } catch (error) {
            if (!/^ERR_|^MINE$/.test(codeOf(error) ?? "")) throw error;
          }
        }
      }),
      { seed, numRuns: runs },
    );
  });

  it(`the stateless update takes or refuses anything (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom("data", "grad", "exp_avg", "exp_avg_var", "max_exp_avg_var", "out", "step", "lr", "betas"),
        hostile,
        (name, value) => {
          const arrays = {
            data: new Float32Array(4),
            grad: new Float32Array(4),
            exp_avg: new Float32Array(4),
            exp_avg_var: new Float32Array(4),
          };
          try {
            update({ ...arrays, step: 1, [name]: value });
          } catch (error) {
            if (!/^ERR_|^MINE$/.test(codeOf(error) ?? "")) throw error;
          }
        },
      ),
      { seed, numRuns: runs * 2 },
    );
  });
});
