import { deserialize, serialize } from "node:v8";
import {
  AdaBelief,
  Adam,
  AdamW,
  MSVAG,
  parameter,
  RAdam,
  RangerAdaBelief,
  SGD,
  type AdaBeliefOptions021,
  type Optimizer,
  type StateDict,
} from "../lib";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues, readJson } from "./helpers/golden";
import { snapshot, thrownBy } from "./helpers/snapshot";

interface Published {
  options: object;
  state_dict: { state: Record<string, Record<string, unknown>>; param_groups: Record<string, unknown>[] };
  params: number[][];
  params_after_step_12: number[][];
}

const published = readJson<Record<string, Published>>("state_dicts.json");
const floats = (numbers: unknown) => Float32Array.from(numbers as number[]);

/** A published dict as a Python bridge would hand it over: its lists of moments are Float32Arrays. */
function revive({ state_dict }: Published): StateDict {
  const state = Object.entries(state_dict.state).map(([key, entry]) => [
    key,
    Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, Array.isArray(value) ? floats(value) : value])),
  ]);
  return {
    state: Object.fromEntries(state) as StateDict["state"],
    param_groups: state_dict.param_groups as StateDict["param_groups"],
  };
}

const versionOf = (name: string) => name.split("-")[0] as "0.2.1";

describe.each(Object.entries(published))("the dict that the published class %s writes", (name, recording) => {
  const parameters = recording.params.map((values) => parameter(floats(values)));
  const run = (optimizer: AdaBelief) => {
    for (let step = 7; step <= 12; ++step) {
      const gradients = gradientsAt("normal", step);
      [gradients.subarray(0, 7), gradients.subarray(8, 11)].forEach((grad, k) => {
        (parameters[k] as { grad: unknown }).grad = grad;
      });
      optimizer.step();
    }
  };

  it("is loaded, and training goes on with PyTorch's bits", () => {
    const optimizer = new AdaBelief(parameters, { version: versionOf(name), ...recording.options, lr: 9 });
    optimizer.loadStateDict(revive(recording));
    expect(optimizer.paramGroups[0]?.lr).toBe(1e-3);
    run(optimizer);
    parameters.forEach(({ data }, k) => expectSameBits(data, floats(recording.params_after_step_12[k]), `parameter ${k}`));
  });

  it("is what ours looks like with { pytorch: true }", () => {
    const whole = initialValues();
    const own = [parameter(whole.subarray(0, 7)), parameter(whole.subarray(8, 11))];
    const optimizer = new AdaBelief(own, { version: versionOf(name), ...recording.options });
    for (let step = 1; step <= 6; ++step) {
      const gradients = gradientsAt("normal", step);
      (own[0] as { grad: unknown }).grad = gradients.subarray(0, 7);
      (own[1] as { grad: unknown }).grad = step === 3 ? null : gradients.subarray(8, 11);
      optimizer.step();
    }
    const written = optimizer.stateDict({ pytorch: true });
    const wanted = revive(recording);
    for (const [key, entry] of Object.entries(wanted.state)) {
      expect(Object.keys(written.state[key] as object).sort()).toEqual(Object.keys(entry).sort());
      for (const [moment, value] of Object.entries(entry)) {
        const ours = written.state[key]?.[moment];
        if (value instanceof Float32Array) expectSameBits(ours as Float32Array, value, moment);
        else expect(ours).toBe(value);
      }
    }
    expect(Object.keys(written.param_groups[0] as object)).toEqual(
      expect.arrayContaining(Object.keys(wanted.param_groups[0] as object)),
    );
  });
});

function trained(options: AdaBeliefOptions021 = { version: "0.2.1" }) {
  const parameters = [1, 5, 12].map((length) =>
    parameter(new Float32Array(length).fill(1), { grad: new Float32Array(length).fill(0.5) }),
  );
  const groups = [
    { params: parameters.slice(0, 2), name: "body" },
    { params: parameters.slice(2), lr: 0.1, rectify: false },
  ];
  const optimizer = new AdaBelief(groups, options);
  (parameters[1] as { grad: unknown }).grad = null;
  for (let i = 0; i < 3; ++i) optimizer.step();
  return { parameters, optimizer };
}

describe("a state dict", () => {
  it("has PyTorch's layout, and every option in its groups", () => {
    const dict = trained({ version: "0.2.1", amsgrad: true, rectify: false }).optimizer.stateDict();
    expect(Object.keys(dict.state)).toEqual(["0", "2"]);
    expect(Object.keys(dict.state["2"] as object)).toEqual(["step", "exp_avg", "exp_avg_var", "max_exp_avg_var"]);
    expect(dict.state["2"]?.["step"]).toBe(3);
    expect(dict.param_groups).toEqual([
      {
        ...{ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-16, weight_decay: 0, amsgrad: true, weight_decouple: true },
        ...{ fixed_decay: false, rectify: false, degenerated_to_sgd: true, name: "body", params: [0, 1] },
      },
      {
        ...{ lr: 0.1, betas: [0.9, 0.999], eps: 1e-16, weight_decay: 0, amsgrad: true, weight_decouple: true },
        ...{ fixed_decay: false, rectify: false, degenerated_to_sgd: true, params: [2] },
      },
    ]);
  });

  it("is a deep copy, when written and when read", () => {
    const { optimizer, parameters } = trained();
    const dict = optimizer.stateDict();
    const copy = structuredClone(dict);
    optimizer.step();
    expect(dict).toEqual(copy);
    optimizer.loadStateDict(dict);
    optimizer.step();
    expect(dict).toEqual(copy);
    expect(optimizer.state.get(parameters[0] as never)?.step).toBe(4);
  });

  it.each<[string, (dict: StateDict) => StateDict]>([
    ["as it is", (dict) => dict],
    ["through v8.serialize", (dict) => deserialize(serialize(dict)) as StateDict],
    ["as the published classes need it", ({ state, param_groups }) => ({ state, param_groups })],
  ])("restores everything %s", (_, travel) => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const dict = travel(optimizer.stateDict({ pytorch: true }));
    optimizer.reset();
    expect(optimizer.state.get(parameters[0] as never)).toBeUndefined();
    for (const group of optimizer.paramGroups) group.lr = 3;
    optimizer.loadStateDict(dict);
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  const forgiven: [string, (dict: StateDict) => void][] = [
    ["options that are absent", ({ param_groups }) => delete param_groups[0]?.["eps"]],
    [
      "keys of newer PyTorch",
      ({ param_groups }) =>
        Object.assign(param_groups[0] as object, {
          foreach: null,
          fused: true,
          maximize: false,
          capturable: false,
          differentiable: false,
          param_names: ["a", "b"],
        }),
    ],
    [
      "what the published classes keep",
      ({ param_groups, state }) => (
        Object.assign(param_groups[0] as object, { buffer: [] }),
        Object.assign(state["0"] as object, { rho_inf: 1, rho_t: 2 })
      ),
    ],
    ["step as an array of one", ({ state }) => Object.assign(state["0"] as object, { step: Float32Array.of(3) })],
    ["step as a list of one", ({ state }) => Object.assign(state["0"] as object, { step: [3] })],
    ["an empty state", ({ state }) => Object.assign(state, { 1: {} })],
  ];
  it.each(forgiven)("is forgiven %s", (_, untidy) => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const dict = optimizer.stateDict();
    untidy(dict);
    optimizer.loadStateDict(dict);
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  it("leaves an option that it lacks as it is, also one changed since the last step", () => {
    const { optimizer } = trained();
    const dict = optimizer.stateDict();
    delete dict.param_groups[0]?.["eps"];
    (optimizer.paramGroups[0] as { eps: number }).eps = 0.5;
    optimizer.loadStateDict(dict);
    expect(optimizer.paramGroups[0]?.eps).toBe(0.5);
  });

  it("keeps initial_lr, also when written again", () => {
    const { optimizer } = trained();
    const dict = optimizer.stateDict();
    Object.assign(dict.param_groups[1] as object, { initial_lr: 0.7 });
    optimizer.loadStateDict(dict);
    expect(optimizer.paramGroups[1]?.initial_lr).toBe(0.7);
    expect(optimizer.stateDict().param_groups[1]?.["initial_lr"]).toBe(0.7);
    optimizer.step();
  });

  it("finds its parameters by the numbers that its groups name", () => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const { state, param_groups } = optimizer.stateDict();
    const renamed = {
      state: { 10: state["0"], 30: state["2"] } as StateDict["state"],
      param_groups: structuredClone(param_groups),
    };
    Object.assign(renamed.param_groups[0] as object, { params: [10, 20] });
    Object.assign(renamed.param_groups[1] as object, { params: [30] });
    optimizer.reset();
    optimizer.loadStateDict(renamed);
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  const refused: [string, (dict: StateDict) => unknown][] = [
    ["whose state is a Map", (dict) => ({ ...dict, state: new Map(Object.entries(dict.state)) })],
    ["whose state is an array", (dict) => ({ ...dict, state: [] })],
    ["with a state that is an array", (dict) => ({ ...dict, state: { ...dict.state, 0: [] } })],
    ["with a parameter named twice", (dict) => (Object.assign(dict.param_groups[0] as object, { params: [0, 0] }), dict)],
    [
      "with a parameter that has no name",
      (dict) => (Object.assign(dict.param_groups[1] as object, { params: [Object.create(null)] }), dict),
    ],
    ["with a group of another version", (dict) => (Object.assign(dict.param_groups[1] as object, { version: "0.0.5" }), dict)],
    ["null", () => null],
    ["a string", () => "{}"],
    ["an empty object", () => ({})],
    ["of another optimizer", (dict) => ({ ...dict, optimizer: "Adam" })],
    ["of another version", (dict) => ({ ...dict, version: "0.0.5" })],
    [
      "with Adam's moments",
      ({ state, ...rest }) => ({
        ...rest,
        state: { ...state, 0: { step: 1, exp_avg: new Float32Array(1), exp_avg_sq: new Float32Array(1) } },
      }),
    ],
    ["with fewer groups", ({ param_groups, ...rest }) => ({ ...rest, param_groups: param_groups.slice(1) })],
    ["with another number of parameters", (dict) => ((dict.param_groups[0] as { params: number[] }).params.pop(), dict)],
    ["with a moment missing", (dict) => (delete dict.state["2"]?.["exp_avg_var"], dict)],
    ["with all moments missing", (dict) => ({ ...dict, state: { ...dict.state, 2: { step: 3 } } })],
    [
      "without the maximum that amsgrad needs",
      (dict) => (Object.assign(dict.param_groups[1] as object, { amsgrad: true }), dict),
    ],
    [
      "with a moment of another length",
      (dict) => (Object.assign(dict.state["2"] as object, { exp_avg: new Float32Array(11) }), dict),
    ],
    ["with a moment of doubles", (dict) => (Object.assign(dict.state["2"] as object, { exp_avg: new Float64Array(12) }), dict)],
    ["that went through JSON", (dict) => JSON.parse(JSON.stringify(dict)) as unknown],
    ["with a fractional step", (dict) => (Object.assign(dict.state["2"] as object, { step: 1.5 }), dict)],
    ["with a negative step", (dict) => (Object.assign(dict.state["2"] as object, { step: -1 }), dict)],
    ["with no step", (dict) => (delete dict.state["2"]?.["step"], dict)],
    ["with an unknown option", (dict) => (Object.assign(dict.param_groups[0] as object, { momentum: 0.9 }), dict)],
    ["with state that no group names", (dict) => (Object.assign(dict.state, { 9: dict.state["2"] }), dict)],
  ];
  it.each(refused)("is refused %s, and nothing changes", (_, spoil) => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const error = thrownBy(() => optimizer.loadStateDict(spoil(optimizer.stateDict()) as StateDict));
    expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(snapshot(optimizer, parameters)).toEqual(before);
    expect(optimizer.step().updated).toBe(2);
  });

  it("is refused where a group is frozen, and nothing changes", () => {
    const { optimizer, parameters } = trained();
    const dict = optimizer.stateDict();
    for (const group of dict.param_groups) Object.assign(group, { lr: 7 });
    Object.freeze(optimizer.paramGroups[1]);
    const before = snapshot(optimizer, parameters);
    expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  it("holds the options as they are now, also before the next step", () => {
    const { optimizer } = trained();
    (optimizer.paramGroups[0] as { lr: number }).lr = 5;
    expect(optimizer.stateDict().param_groups[0]?.["lr"]).toBe(5);
  });

  it.each([[5], [{ pytorh: true }], [{ pytorch: "no" }], [null]])("is not written with the options %j", (options) => {
    expect(thrownBy(() => trained().optimizer.stateDict(options as never))).toHaveProperty("code");
  });

  it("is refused with an option out of range, and nothing changes", () => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const dict = optimizer.stateDict();
    Object.assign(dict.param_groups[1] as object, { betas: [0.9, 1] });
    expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  it("says what to use instead of JSON", () => {
    const { optimizer } = trained();
    const dict = JSON.parse(JSON.stringify(optimizer.stateDict())) as StateDict;
    expect(thrownBy(() => optimizer.loadStateDict(dict)).message).toMatch(/JSON.*structuredClone/);
  });
});

describe("what the other published classes leave in their groups", () => {
  const torch = { foreach: null, maximize: false, differentiable: false };
  const moments = () => ({ step: 6, exp_avg: new Float32Array(3), exp_avg_sq: new Float32Array(3) });
  const adam = {
    ...torch,
    lr: 0.5,
    betas: [0.9, 0.99],
    eps: 1e-8,
    weight_decay: 0,
    amsgrad: false,
    capturable: false,
    fused: null,
  };
  const buffer = Array.from({ length: 10 }, () => [null, null, null]);
  const rows = [
    [
      "SGD",
      SGD,
      { ...torch, lr: 0.5, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
      { momentum_buffer: null },
      {},
    ],
    ["Adam", Adam, { ...adam, decoupled_weight_decay: false }, { ...moments(), step: Float32Array.of(6) }, {}],
    ["AdamW", AdamW, adam, moments(), {}],
    ["RAdam", RAdam, { lr: 0.5, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0, buffer }, moments(), { buffer }],
    [
      ...["MSVAG", MSVAG, { lr: 0.5, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0, amsgrad: false }, moments()],
      { eps: 1e-8, amsgrad: false },
    ],
    [
      ...["RangerAdaBelief", RangerAdaBelief, { lr: 0.5, alpha: 0.5, k: 6, step_counter: 0, N_sma_threshhold: 5, eps: 1e-5 }],
      { ...moments(), slow_buffer: new Float32Array(3) },
      { step_counter: 0 },
    ],
  ] as unknown as [string, new (params: object[]) => Optimizer<{ lr: number }>, object, object, object][];

  it.each(rows)("is read over for %s, and written for Python", (_, Class, group, state, written) => {
    const p = parameter(new Float32Array(3));
    const optimizer = new Class([p]);
    optimizer.loadStateDict({ state: { 0: { ...state } }, param_groups: [{ ...group, params: [0] }] });
    expect(optimizer.paramGroups[0]?.lr).toBe(0.5);
    expect(optimizer.state.get(p)?.step).toBe("exp_avg" in state ? 6 : undefined);
    expect(optimizer.stateDict({ pytorch: true }).param_groups[0]).toMatchObject(written);
    expect(Object.keys(optimizer.stateDict().param_groups[0] as object)).not.toEqual(
      expect.arrayContaining(["foreach", ...Object.keys(written)]),
    );
  });
});

describe("the release that a dict of Python comes from", () => {
  const p = () => parameter(new Float32Array(3));
  const moments = () => ({ step: 6, exp_avg: new Float32Array(3), exp_avg_var: new Float32Array(3) });
  const dict = (state: object, group: object) =>
    ({ state: { 0: state }, param_groups: [{ lr: 0.5, ...group, params: [0] }] }) as unknown as StateDict;
  const newer = () => dict(moments(), { buffer: Array.from({ length: 10 }, () => [null, null, null]) });
  const older = () => dict({ ...moments(), rho_inf: 1999 }, {});

  it.each([
    ["0.2.1, by its buffer", newer, ["0.0.5", "tf-0.0.1", "tf-0.2.1"], "0.2.1"],
    ["0.2.1, by an empty buffer", () => dict(moments(), { buffer: [] }), ["0.0.5"], "0.2.1"],
    ["0.0.5, by rho_inf", older, ["0.2.1", "tf-0.0.1", "tf-0.2.1"], "0.0.5"],
    ["0.0.5, rectified", () => dict({ ...moments(), rho_inf: 1999, rho_t: 3 }, {}), ["0.2.1"], "0.0.5"],
  ] as const)("%s: it is refused by the others, with the version to use", (_, make, others, release) => {
    for (const version of others) {
      const optimizer = new AdaBelief([p()], { version, lr: 0.25 } as object);
      const error = thrownBy(() => optimizer.loadStateDict(make()));
      expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
      expect(error.message).toContain(`{ version: "${release}" }`);
      expect(optimizer.lr).toBe(0.25);
    }
    const own = new AdaBelief([p()], { version: release } as object);
    own.loadStateDict(make());
    expect(own.lr).toBe(0.5);
  });

  it("is not asked for in dicts of other classes, which have neither", () => {
    const adam = { step: 6, exp_avg: new Float32Array(3), exp_avg_sq: new Float32Array(3) };
    for (const Class of [Adam, AdamW, MSVAG]) {
      const refused = [dict(adam, { buffer: [] }), dict({ ...adam, rho_inf: 1 }, {})];
      for (const one of refused) {
        expect(thrownBy(() => new Class([p()]).loadStateDict(one))).toMatchObject({ code: "ERR_STATE_DICT" });
      }
    }
  });
});

describe("SGD's momentum_buffer: null", () => {
  const load = (momentum: number, state: object = { momentum_buffer: null }) => {
    const p = parameter(Float32Array.of(1), { grad: Float32Array.of(0.5) });
    const optimizer = new SGD([p], { lr: 1, momentum });
    const { param_groups } = optimizer.stateDict();
    optimizer.loadStateDict({ state: { 0: { ...state } }, param_groups });
    return { p, optimizer };
  };

  it.each([[{ momentum_buffer: null }], [{}]])("as in %j, is taken, and the first step begins b = g", (state) => {
    const { p, optimizer } = load(0.9, state);
    optimizer.step();
    expect([p.data[0], ...(optimizer.state.get(p)?.momentum_buffer ?? [])]).toEqual([0.5, 0.5]);
    optimizer.step();
    expect(optimizer.state.get(p)?.momentum_buffer?.[0]).toBe(Math.fround(0.9 * 0.5 + 0.5));
  });

  it("is taken without momentum, too", () => {
    const { p, optimizer } = load(0);
    optimizer.step();
    expect(p.data[0]).toBe(0.5);
  });

  it("is not taken where a class always has the array", () => {
    const optimizer = new Adam([parameter(new Float32Array(1))]);
    const { param_groups } = optimizer.stateDict();
    const state = { 0: { step: 1, exp_avg: null, exp_avg_sq: null } } as unknown as StateDict["state"];
    expect(thrownBy(() => optimizer.loadStateDict({ state, param_groups }))).toMatchObject({ code: "ERR_STATE_DICT" });
  });
});
