// Flags of PyTorch's classes in a state dict: obeyed, taken where their value changes nothing, or refused with the class that obeys.
import * as adabelief from "../lib";
import { AdaBelief, Adam, AdamW, parameter, RangerAdaBelief, SGD, type Optimizer, type StateDict } from "../lib";
import { optimizers } from "../lib/optimizers/list";
import { thrownBy } from "./helpers/snapshot";

type Named = keyof typeof adabelief;

const make = (name: string, options: object = {}) => {
  const Class = adabelief[name as Named] as unknown as new (params: object[], options: object) => Optimizer<{ lr: number }>;
  const p = parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
  return { p, optimizer: new Class([p], options) };
};

/** What a class does with a dict of Python that has a flag. */
function load(
  name: string,
  flags: object,
  options: object = {},
): { optimizer: Optimizer<{ lr: number }>; p: { data: Float32Array } } {
  const { p, optimizer } = make(name, options);
  const { state, param_groups } = optimizer.stateDict();
  optimizer.loadStateDict({ state, param_groups: param_groups.map((group) => ({ ...group, ...flags })) });
  return { optimizer, p };
}

const names = optimizers.map(({ name }) => name);

describe("flags that say how a step is computed", () => {
  const rows = names.flatMap((name) => ["foreach", "fused", "capturable", "differentiable"].map((flag) => [name, flag] as const));
  it.each(rows)("%s takes %s", (name, flag) => {
    for (const value of [true, false, null]) expect(() => load(name, { [flag]: value })).not.toThrow();
    expect(thrownBy(() => load(name, { [flag]: "yes" }))).toMatchObject({ code: "ERR_STATE_DICT" });
  });
});

describe("keys that schedules of PyTorch leave in groups", () => {
  const keys = { max_lr: 0.1, min_lr: 1e-5, max_momentum: 0.95, base_momentum: 0.85, swa_lr: 0.05, initial_lr: 0.1 };
  it.each(names.flatMap((name) => Object.entries(keys).map(([key, value]) => [name, key, value] as const)))(
    "%s takes a dict with %s",
    (name, key, value) => {
      const { optimizer } = load(name, { [key]: value, lr: 0.25 });
      expect(optimizer.lr).toBe(0.25);
    },
  );
});

describe("maximize", () => {
  it.each(names)("is obeyed by %s", (name) => {
    expect(load(name, { maximize: true }).optimizer.paramGroups[0]).toMatchObject({ maximize: true });
  });
  it("moves a parameter along its gradient", () => {
    const { optimizer, p } = load("SGD", { maximize: true, lr: 0.1 });
    optimizer.step();
    expect(p.data[0]).toBe(Math.fround(1.1));
  });
});

describe("the kind of weight decay", () => {
  const coupled = ["Adam", "SGD", "AdaBound", "Yogi", "EAdam", "MSVAG"];
  const decoupled = ["AdamW", "RAdam", "Lion"];
  const flags = ["decoupled_weight_decay", "weight_decouple", "decoupled"];
  const rows = [...coupled.map((name) => [name, false] as const), ...decoupled.map((name) => [name, true] as const)];

  it.each(rows.flatMap(([name, own]) => flags.map((flag) => [name, own, flag] as const)))(
    "%s takes %s for %s, and the other value only without decay",
    (name, own, flag) => {
      expect(load(name, { weight_decay: 0.1, [flag]: own }).optimizer.paramGroups[0]).toMatchObject({ weight_decay: 0.1 });
      expect(() => load(name, { weight_decay: 0, [flag]: !own })).not.toThrow();
      const error = thrownBy(() => load(name, { weight_decay: 0.1, [flag]: !own }));
      expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
      expect(error.message).toContain(`param_groups[0] has ${flag}: ${!own}, which ${name} does not obey`);
    },
  );

  it.each([
    ["Adam", true, "AdamW"],
    ["AdamW", false, "Adam"],
  ])("%s names the class for %s: %s", (name, value, other) => {
    const error = thrownBy(() => load(name, { weight_decay: 0.1, decoupled_weight_decay: value }));
    expect(error.message).toMatch(new RegExp(`obeyed by ${other}$`));
  });

  it.each([
    ["AdaBelief", { version: "0.0.5" }],
    ["AdaBelief", { version: "0.2.1" }],
    ["RangerAdaBelief", {}],
  ])("%s %j obeys it, as it has both kinds", (name, options) => {
    for (const value of [true, false]) {
      const { optimizer } = make(name, options);
      const { state, param_groups } = optimizer.stateDict();
      const group = { ...param_groups[0], weight_decay: 0.1, decoupled_weight_decay: value } as Record<string, unknown>;
      delete group["weight_decouple"];
      optimizer.loadStateDict({ state, param_groups: [group] } as StateDict);
      expect(optimizer.paramGroups[0]).toMatchObject({ weight_decouple: value });
      const contradiction = { state, param_groups: [{ ...group, weight_decouple: !value }] } as unknown as StateDict;
      expect(thrownBy(() => optimizer.loadStateDict(contradiction))).toMatchObject({ code: "ERR_STATE_DICT" });
    }
  });

  it("of the authors' RAdam is written for torch.optim's, too", () => {
    expect(make("RAdam").optimizer.stateDict({ pytorch: true }).param_groups[0]).toMatchObject({ decoupled_weight_decay: true });
  });
});

describe("a switch that a class does not have", () => {
  it.each([
    ["Adam", { nesterov: true }, /SGD/],
    ["AdaBelief", { nesterov: true }, /SGD/],
    ["SGD", { amsgrad: true }, /Adam, AdamW and AdaBelief/],
    ["RAdam", { amsgrad: true }, /Adam/],
    ["MSVAG", { amsgrad: true }, /Adam/],
    ["Adam", { amsbound: true }, /AdaBound/],
    ["Adam", { rectify: true }, /RAdam/],
    ["RAdam", { rectify: false }, /Adam$/],
    ["RangerAdaBelief", { rectify: false }, /AdaBelief/],
    ["RangerAdaBelief", { degenerated_to_sgd: false }, /RAdam/],
    ["Adam", { fixed_decay: true, weight_decay: 0.1 }, /AdaBelief/],
    ["Lion", { fixed_decay: true, weight_decay: 0.1 }, /AdaBelief/],
  ])("is refused by %s with the value in %j", (name, flags, message) => {
    const error = thrownBy(() => load(name, flags));
    expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(error.message).toMatch(message);
  });

  it.each([
    ["Adam", { nesterov: false, amsbound: false, rectify: false, degenerated_to_sgd: true, fixed_decay: false }],
    ["Adam", { degenerated_to_sgd: false, fixed_decay: true, weight_decay: 0 }],
    ["SGD", { amsgrad: false }],
    ["RAdam", { rectify: true, amsgrad: false }],
    ["RangerAdaBelief", { rectify: true, degenerated_to_sgd: true }],
    ["AdaBelief", { degenerated_to_sgd: true, rectify: true }],
    ["AdaBelief", { degenerated_to_sgd: false, rectify: false }],
  ])("is taken by %s with the values in %j, which change nothing", (name, flags) => {
    expect(() => load(name, flags)).not.toThrow();
  });

  it("names the version that has it", () => {
    expect(thrownBy(() => load("AdaBelief", { degenerated_to_sgd: false, rectify: true })).message).toMatch(/version: "0\.2\.1"/);
    const old = { version: "tf-0.0.1" };
    expect(thrownBy(() => load("AdaBelief", { rectify: true }, old)).message).toMatch(/version: "tf-0\.2\.1"/);
  });

  it("is no option of a constructor", () => {
    for (const Class of [Adam, AdamW, SGD, RangerAdaBelief, AdaBelief]) {
      const options = { decoupled_weight_decay: true } as object;
      expect(thrownBy(() => new Class([parameter(new Float32Array(1))], options))).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
    }
  });

  it("changes nothing where it is refused", () => {
    const { optimizer } = make("Adam", { lr: 0.5 });
    const { state, param_groups } = optimizer.stateDict();
    const dict = { state, param_groups: param_groups.map((group) => ({ ...group, lr: 7, nesterov: true })) };
    expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(optimizer.lr).toBe(0.5);
  });
});
