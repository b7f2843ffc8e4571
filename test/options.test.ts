import { inspect } from "node:util";
import { runInThisContext } from "node:vm";
import {
  AdaBelief,
  AdaBound,
  Adam,
  Lookahead,
  parameter,
  RangerAdaBelief,
  recipes,
  SGD,
  StepLR,
  update,
  type Optimizer,
  type Parameter,
} from "../lib";
import { expectSameBits } from "./helpers/bits";
import { thrownBy } from "./helpers/snapshot";

const ones = (length: number) => new Float32Array(length).fill(1);
const make = () => parameter(ones(5), { grad: Float32Array.of(0.5, -1, 2, 1e-3, -1e3) });

describe("defaults are the release's", () => {
  const shared = { lr: 1e-3, betas: [0.9, 0.999], weight_decay: 0, amsgrad: false, fixed_decay: false };
  it("0.0.5, the default", () => {
    const wanted = { ...shared, eps: 1e-8, weight_decouple: false, rectify: false };
    expect(new AdaBelief([make()]).defaults).toEqual(wanted);
    expect(new AdaBelief([make()], { version: "0.0.5" }).defaults).toEqual(wanted);
  });
  it("0.2.1", () => {
    const wanted = { ...shared, eps: 1e-16, weight_decouple: true, rectify: true, degenerated_to_sgd: true };
    expect(new AdaBelief([make()], { version: "0.2.1" }).defaults).toEqual(wanted);
  });
  it("print_change_log is accepted and ignored", () => {
    expect(new AdaBelief([make()], { print_change_log: true }).defaults).not.toHaveProperty("print_change_log");
  });
  it("undefined stands for the default", () => {
    expect(new AdaBelief([make()], { lr: undefined } as object).defaults.lr).toBe(1e-3);
  });
});

describe("recipes are the project's table", () => {
  it.each([
    ["cifar", 1e-3, [0.9, 0.999], 1e-8, 5e-4, false, false],
    ["imagenet", 1e-3, [0.9, 0.999], 1e-8, 1e-2, true, false],
    ["gan", 2e-4, [0.5, 0.999], 1e-12, 0, false, false],
    ["snGan", 2e-4, [0.5, 0.999], 1e-16, 0, false, true],
    ["transformer", 1.5e-3, [0.9, 0.98], 1e-12, 1e-4, true, true],
    ["lstm1", 1e-3, [0.9, 0.999], 1e-16, 1.2e-6, false, false],
    ["lstm23", 1e-2, [0.9, 0.999], 1e-12, 1.2e-6, false, false],
  ] as const)("%s", (name, lr, betas, eps, weight_decay, weight_decouple, rectify) => {
    const all = { lr, betas, eps, weight_decay, weight_decouple, rectify, amsgrad: false, fixed_decay: false };
    expect(recipes[name]).toEqual({ version: "0.0.5", ...all });
    expect(new AdaBelief([make()], recipes[name]).defaults).toEqual(all);
  });
  it("fit a group as well, where the version is the optimizer's", () => {
    expect(new AdaBelief([{ params: [make()], ...recipes.gan }]).paramGroups[0]?.betas).toEqual([0.5, 0.999]);
  });
});

describe("a group's options", () => {
  it("are the optimizer's where it sets none", () => {
    const optimizer = new AdaBelief([{ params: make(), lr: 0.5, name: "head" }, { params: [make(), make()] }], { eps: 1e-3 });
    expect(optimizer.paramGroups.map(({ lr, eps, name }) => [lr, eps, name])).toEqual([
      [0.5, 1e-3, "head"],
      [1e-3, 1e-3, undefined],
    ]);
    optimizer.addParamGroup({ params: new Set([make()]), eps: 1e-10 });
    expect(optimizer.paramGroups[2]).toMatchObject({ lr: 1e-3, eps: 1e-10 });
    expect(optimizer.step().updated).toBe(4);
  });

  it("are live: a step uses what they are then", () => {
    const [changed, fresh] = [make(), make()];
    const optimizer = new AdaBelief([changed], { lr: 7 });
    const group = optimizer.paramGroups[0] as AdaBelief["paramGroups"][number];
    group.lr = 0.25;
    group.betas = [0.5, 0.75];
    group.weight_decay = 0.1;
    group.amsgrad = true;
    optimizer.step();
    new AdaBelief([fresh], { lr: 0.25, betas: [0.5, 0.75], weight_decay: 0.1, amsgrad: true }).step();
    expectSameBits(changed.data, fresh.data, "after changing every option");
    expect(optimizer.state.get(changed)?.max_exp_avg_var).toHaveLength(5);
  });

  it("are shown as values by spreading, Object.keys, JSON and console.log", () => {
    const p = make();
    const group = new AdaBelief([{ params: [p], name: "body" }], { lr: 0.5 }).paramGroups[0] as AdaBelief["paramGroups"][number];
    const { params, ...options } = group;
    expect(params).toEqual([p]);
    const wanted = { lr: 0.5, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, amsgrad: false, rectify: false, name: "body" };
    expect(options).toMatchObject(wanted);
    expect(Object.keys(group)).toEqual(["params", ...Object.keys(options)]);
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
    expect(inspect(group)).toMatch(/lr: 0\.5,[^]*betas: \[ 0\.9, 0\.999 \]/);
    expect(structuredClone(options)).toEqual(options);
  });

  it("are checked where they are assigned, in sloppy code as well", () => {
    const group = new AdaBelief([make()]).paramGroups[0] as AdaBelief["paramGroups"][number];
    const assign = runInThisContext("(group, key, value) => { group[key] = value; }") as (...all: unknown[]) => void; // not strict
    expect(thrownBy(() => assign(group, "lr", -1))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(group.lr).toBe(1e-3);
    assign(group.betas, 0, 0.25);
    expect(group.betas).toEqual([0.25, 0.999]);
  });

  it("must fit together at the step, whatever the order of assignments", () => {
    const optimizer = new SGD([make()], { momentum: 0.9 });
    const group = optimizer.paramGroups[0] as SGD["paramGroups"][number];
    group.nesterov = true;
    group.momentum = 0;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_INVALID_OPTION" });
    group.momentum = 0.5;
    expect(optimizer.step().updated).toBe(1);
  });

  it("are the ones that were checked, whatever a parameter's accessor assigns in the middle of a step", () => {
    const grad = ones(4);
    const p = {
      data: ones(4),
      get grad() {
        (optimizer.paramGroups[0] as { base_lr: number }).base_lr = 0;
        return grad;
      },
    };
    const optimizer = new AdaBound([p]);
    const plain = parameter(ones(4), { grad: ones(4) });
    new AdaBound([plain]).step();
    optimizer.step();
    expectSameBits(p.data, plain.data, "a step with the options of its beginning");
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expectSameBits(p.data, plain.data, "after the refusal");
  });

  it("refuse a key that was defined and not assigned, where all keys are looked through", () => {
    const optimizer = new AdaBelief([make()]);
    Object.defineProperty(optimizer.paramGroups[0], "wings", { value: 2, enumerable: true });
    expect(thrownBy(() => optimizer.stateDict())).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
  });

  it("cannot be assigned to a group that is frozen", () => {
    const optimizer = new AdaBelief([make()], { lr: 0.5 });
    const group = optimizer.paramGroups[0] as { lr: number };
    Object.freeze(group);
    expect(thrownBy(() => (group.lr = 1))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(thrownBy(() => new StepLR(optimizer, { step_size: 1 }))).toMatchObject({ code: "ERR_OPTIMIZER" });
    expect(group.lr).toBe(0.5);
  });

  it("have betas of their own, which may be changed in place", () => {
    const [changed, fresh] = [make(), make()];
    const betas = [0.9, 0.999];
    const [one, two] = [new AdaBelief([changed]), new AdaBelief([fresh])];
    (one.paramGroups[0] as { betas: readonly number[] }).betas = betas;
    one.step();
    two.step();
    betas[0] = 0.1; // the caller's array, of which the group has a copy
    ((one.paramGroups[0] as { betas: readonly number[] }).betas as number[])[0] = 0.5;
    (two.paramGroups[0] as { betas: readonly number[] }).betas = [0.5, 0.999];
    one.step();
    two.step();
    expectSameBits(changed.data, fresh.data, "betas changed in place");
  });

  it("carry amsgrad, switched on late, from zeros", () => {
    const p = make();
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    expect(optimizer.state.get(p)).not.toHaveProperty("max_exp_avg_var");
    (optimizer.paramGroups[0] as { amsgrad: boolean }).amsgrad = true;
    optimizer.step();
    expect(optimizer.state.get(p)?.step).toBe(2);
    expect(optimizer.state.get(p)?.max_exp_avg_var?.every((x) => x > 0)).toBe(true);
  });

  it("cannot be rearranged behind the optimizer's back", () => {
    const optimizer = new AdaBelief([make()]);
    expect(() => (optimizer.paramGroups as unknown[]).push({})).toThrow(TypeError);
    expect(() => (optimizer.paramGroups[0]?.params as unknown[]).pop()).toThrow(TypeError);
    expect(() => ((optimizer.paramGroups[0] as { params: unknown }).params = [])).toThrow(TypeError);
  });

  it("count each parameter's own steps", () => {
    const parameters: Parameter[] = Array.from({ length: 5 }, make);
    const optimizer = new AdaBelief(parameters, { rectify: true });
    const alone = parameters.map(() => make());
    const optimizers = alone.map((p) => new AdaBelief([p], { rectify: true }));
    for (let step = 0; step < 20; ++step) {
      parameters.forEach((p, k) => (p.grad = (step * 7 + k) % (k + 1) === 0 ? ones(5) : null));
      optimizer.step();
      parameters.forEach((p, k) => {
        if (p.grad === null) return;
        (alone[k] as Parameter).grad = ones(5);
        optimizers[k]?.step();
      });
    }
    parameters.forEach((p, k) => {
      expectSameBits(p.data, (alone[k] as Parameter).data, `parameter ${k}`);
      expect(optimizer.state.get(p)?.step).toBe(optimizers[k]?.state.get(alone[k] as Parameter)?.step);
    });
  });
});

describe("what PyTorch allows is allowed", () => {
  it.each([
    ["betas of 0", { betas: [0, 0] }],
    ["eps of 0", { eps: 0 }],
    ["lr of 0", { lr: 0 }],
    ["an infinite lr", { lr: Infinity }],
    ["eps that float32 cannot hold", { eps: 1e-50 }],
    ["a decay beyond 1", { weight_decay: 1e30, weight_decouple: true }],
  ])("%s", (_, options) => {
    const p = make();
    expect(new AdaBelief([p], options).step().updated).toBe(1);
  });

  it("a NaN in the gradient spoils its element alone", () => {
    const p = parameter(ones(40), { grad: ones(40) });
    (p.grad as Float32Array)[17] = Number.NaN;
    new AdaBelief([p]).step();
    expect([...p.data].map(Number.isNaN).indexOf(true)).toBe(17);
    expect([...p.data].filter(Number.isNaN)).toHaveLength(1);
  });

  it("tensors of length 0", () => {
    const p = parameter(new Float32Array(0), { grad: new Float32Array(0) });
    const optimizer = new AdaBelief([p, make()]);
    expect(optimizer.step().updated).toBe(2);
    expect(optimizer.state.get(p)?.exp_avg).toHaveLength(0);
  });

  it("no gradient at all", () => {
    const p = parameter(ones(3));
    const optimizer = new AdaBelief([p]);
    expect(optimizer.step()).toEqual({ updated: 0, skipped: false });
    expect(optimizer.state.get(p)).toBeUndefined();
  });
});

describe("at the edges of the rules", () => {
  const ends = (options: object, step: number) => {
    const p = make();
    const optimizer = new AdaBelief([p], options);
    optimizer.step();
    const dict = optimizer.stateDict();
    Object.assign(dict.state["0"] as object, { step });
    optimizer.loadStateDict(dict);
    const before = p.data.slice();
    optimizer.step();
    return { before, after: p.data, m: optimizer.state.get(p)?.exp_avg as Float32Array };
  };

  it("0.0.5 does not rectify where ρt is 4, as it ends up for β2 = 0.6", () => {
    const { before, after, m } = ends({ rectify: true, betas: [0.9, 0.6] }, 2000);
    expectSameBits(
      after,
      before.map((p, i) => p - Math.fround(1e-3) * (m[i] as number)),
      "p − lr·m",
    );
  });

  it("an infinite lr decays by NaN, as 1 − lr·0 is", () => {
    const p = make();
    new AdaBelief([p], { lr: Infinity, weight_decouple: true }).step();
    expect([...p.data].every(Number.isNaN)).toBe(true);
  });
});

describe("a result may go elsewhere", () => {
  it("and leaves the data as they were", () => {
    const [here, there] = [make(), { ...make(), out: ones(5) }];
    new AdaBelief([here]).step();
    new AdaBelief([there]).step();
    expect([...there.data]).toEqual([1, 1, 1, 1, 1]);
    expectSameBits(there.out, here.data, "out");
  });
  it("also from the stateless update", () => {
    const here = make();
    new AdaBelief([here]).step();
    const { data, grad } = make();
    const out = new Float32Array(5);
    update({ data, grad: grad as Float32Array, exp_avg: new Float32Array(5), exp_avg_var: new Float32Array(5), step: 1, out });
    expectSameBits(out, here.data, "out");
    expect([...data]).toEqual([1, 1, 1, 1, 1]);
  });
});

describe("memory of every kind is used where it lies", () => {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  class Sub extends Float32Array {}
  it.each([
    ["a view into a larger buffer", new Float32Array(new ArrayBuffer(400), 12, 5)],
    ["a SharedArrayBuffer", new Float32Array(new SharedArrayBuffer(20))],
    ["WebAssembly memory", new Float32Array(wasm.buffer, 4, 5)],
    ["a resizable buffer", new Float32Array(new ArrayBuffer(20, { maxByteLength: 80 }))],
    ["a subclass", new Sub(5)],
    ["a Buffer's pool", new Float32Array(Buffer.alloc(64).buffer, 4, 5)],
  ])("%s", (_, data) => {
    data.fill(1);
    const { grad } = make();
    const optimizer = new AdaBelief([{ data, grad }]);
    const plain = make();
    const other = new AdaBelief([plain]);
    for (let i = 0; i < 3; ++i) {
      optimizer.step();
      other.step();
    }
    expectSameBits(data, plain.data, "data");
  });
});

describe("zeroGrad", () => {
  it("fills gradients with zeros", () => {
    const [p, q] = [make(), parameter(ones(2))];
    const { grad } = p;
    new AdaBelief([p, q]).zeroGrad();
    expect(p.grad).toBe(grad);
    expect([...(grad as Float32Array)]).toEqual([0, 0, 0, 0, 0]);
    expect(q.grad).toBeNull();
  });
  it("or with set_to_none sets them to null", () => {
    const p = make();
    const { grad } = p;
    new AdaBelief([p]).zeroGrad({ set_to_none: true });
    expect(p.grad).toBeNull();
    expect(grad?.[0]).toBe(0.5);
  });
});

describe("zeroGrad({ set_to_none: true }) where a gradient cannot be set", () => {
  const grad = () => Float32Array.of(1);
  it.each<[string, () => Parameter]>([
    ["frozen", () => Object.freeze(parameter(new Float32Array(1), { grad: grad() }))],
    ["not writable", () => Object.defineProperty({ data: new Float32Array(1) }, "grad", { value: grad() })],
    ["without a setter", () => Object.defineProperty({ data: new Float32Array(1) }, "grad", { get: grad })],
    [
      "inherited from a class without a setter",
      () =>
        new (class {
          readonly data = new Float32Array(1);
          get grad() {
            return grad();
          }
        })(),
    ],
    [
      "inherited by what cannot be extended",
      () => Object.preventExtensions(Object.create({ data: new Float32Array(1), grad: grad() }) as Parameter),
    ],
  ])("changes nothing: %s", (_, make) => {
    const [first, last] = [parameter(new Float32Array(1), { grad: grad() }), parameter(new Float32Array(1), { grad: grad() })];
    const optimizer = new AdaBelief([first, make(), last]);
    expect(thrownBy(() => optimizer.zeroGrad({ set_to_none: true }))).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect([first.grad?.[0], last.grad?.[0]]).toEqual([1, 1]);
  });

  const held = grad();
  it.each<[string, () => Parameter]>([
    ["a proxy that refuses", () => new Proxy(parameter(new Float32Array(1), { grad: grad() }), { set: () => false })],
    ["a proxy that does nothing", () => new Proxy({ data: new Float32Array(1), grad: grad() }, { set: () => true })],
    [
      "a setter that does nothing",
      () => ({
        data: new Float32Array(1),
        get grad() {
          return held;
        },
        set grad(_) {},
      }),
    ],
  ])("changes nothing: %s", (_, make) => {
    const [first, last] = [parameter(new Float32Array(1), { grad: grad() }), parameter(new Float32Array(1), { grad: grad() })];
    const error = thrownBy(() => new AdaBelief([first, make(), last]).zeroGrad({ set_to_none: true }));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toMatch(/^Parameter 1: its grad cannot be set to null/);
    expect([first.grad?.[0], last.grad?.[0]]).toEqual([1, 1]);
  });

  it("obeys a setter that keeps null", () => {
    const p = new Proxy(parameter(new Float32Array(1), { grad: grad() }), {});
    new AdaBelief([p]).zeroGrad({ set_to_none: true });
    expect(p.grad).toBeNull();
  });

  it("changes nothing where a setter throws, whose message the error has", () => {
    const first = parameter(new Float32Array(1), { grad: grad() });
    const held = grad();
    const second = {
      data: new Float32Array(1),
      get grad() {
        return held;
      },
      set grad(_) {
        throw new Error("mine");
      },
    };
    expect(() => new AdaBelief([first, second]).zeroGrad({ set_to_none: true })).toThrow("mine");
    expect(first.grad?.[0]).toBe(1);
  });

  it("leaves a frozen parameter alone that has no gradient", () => {
    const first = parameter(new Float32Array(1), { grad: grad() });
    new AdaBelief([first, Object.freeze(parameter(new Float32Array(1)))]).zeroGrad({ set_to_none: true });
    expect(first.grad).toBeNull();
  });
});

describe("the options of a step after a closure", () => {
  const two = () => parameter(new Float32Array(2), { grad: Float32Array.of(3, 4) });
  const kinds: [string, (p: Parameter) => Optimizer<{ lr: number }>][] = [
    ["SGD", (p) => new SGD([p], { lr: 1 })],
    ["Adam", (p) => new Adam([p], { lr: 1 })],
    ["Lookahead", (p) => new Lookahead(new SGD([p], { lr: 1 }), { k: 2 })],
    ["RangerAdaBelief", (p) => new RangerAdaBelief([p], { lr: 1 })],
  ];
  const options = [{ maxGradNorm: 1 }, { gradScale: 0.5 }, { gradScale: Infinity }, { skipNonFinite: true, maxGradNorm: 0.5 }];

  it.each(kinds.flatMap(([name, make]) => options.slice(0, 2).map((one) => [name, one, make] as const)))(
    "%s obeys %j as without a closure",
    (_, given, make) => {
      const [p, q] = [two(), two()];
      make(p).step(given);
      expect(make(q).step(() => 0.25, given)).toBe(0.25);
      expectSameBits(q.data, p.data, "after the closure");
    },
  );

  it("may leave the step out", () => {
    const p = parameter(new Float32Array(1), { grad: Float32Array.of(Number.NaN) });
    new SGD([p]).step(() => undefined, { skipNonFinite: true });
    expect(p.data[0]).toBe(0);
  });

  it.each([[{ maxGradNorm: -1 }], [{ maxNorm: 1 }], [5], [null]])("are refused before the closure runs: %j", (given) => {
    let ran = false;
    expect(thrownBy(() => new SGD([two()]).step(() => void (ran = true), given as never))).toHaveProperty("code");
    expect(ran).toBe(false);
  });

  it("are refused where options stand before them", async () => {
    const p = two();
    const optimizer = new SGD([p]) as unknown as { step(...args: unknown[]): void; stepAsync(...args: unknown[]): Promise<void> };
    const more = { maxGradNorm: 1 };
    let ran = false;
    expect(thrownBy(() => optimizer.step(() => void (ran = true), {}, more))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    for (const first of [undefined, {}]) {
      await expect(optimizer.stepAsync(first, more)).rejects.toMatchObject({ code: "ERR_INVALID_OPTION" });
    }
    expect([ran, [...p.data]]).toEqual([false, [...two().data]]);
  });

  it("are refused where there is no closure before them", () => {
    const optimizer = new SGD([two()]) as unknown as { step(...args: unknown[]): void };
    for (const first of [undefined, {}, null]) {
      expect(thrownBy(() => optimizer.step(first, { maxGradNorm: 1 }))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    }
  });
});

describe("a closure", () => {
  it("computes the gradients first, and its value is returned", () => {
    const [p, q] = [parameter(ones(5)), make()];
    const optimizer = new AdaBelief([p]);
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      p.grad = make().grad;
      return 42;
    });
    new AdaBelief([q]).step();
    expect(loss).toBe(42);
    expectSameBits(p.data, q.data, "after the closure");
  });
});
