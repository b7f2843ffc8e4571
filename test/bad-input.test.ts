import { AdaBelief, cpu, parameter, update, type Parameter, type StateDict } from "../lib";
import { snapshot, thrownBy } from "./helpers/snapshot";

interface Fixture {
  memory: Float32Array;
  parameters: (Parameter & { grad: Float32Array | null })[];
  optimizer: AdaBelief;
}

/** Two parameters that have been stepped once, views of one buffer, and a third without a gradient. */
function fixture(): Fixture {
  const memory = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i + 1));
  const parameters = [
    parameter(memory.subarray(0, 8), { grad: memory.subarray(8, 16), name: "weight" }),
    parameter(memory.subarray(16, 19), { grad: memory.subarray(19, 22) }),
    parameter(memory.subarray(32, 40)),
  ];
  const optimizer = new AdaBelief([{ params: parameters.slice(0, 1) }, { params: parameters.slice(1), lr: 1e-2 }], {
    weight_decay: 1e-2,
  });
  optimizer.step();
  return { memory, parameters, optimizer };
}

/** Anything at all, as JavaScript would pass it. */
const hostile = (value: unknown) => value as never;
const detached = (length: number) => {
  const array = new Float32Array(length);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

type Act = (f: Fixture) => unknown;
interface Row {
  what: string;
  code: string;
  type?: ErrorConstructor;
  message?: RegExp | string;
  /** The act itself changes groups or disposes, and compares what must stay by itself. */
  changesGroups?: true;
  act: Act;
}
const first = ({ parameters }: Fixture) => parameters[0] as Fixture["parameters"][number];
const second = ({ parameters }: Fixture) => parameters[1] as Fixture["parameters"][number];
const group = ({ optimizer }: Fixture, index = 0) => optimizer.paramGroups[index] as AdaBelief["paramGroups"][number];

const memoryRows: Row[] = [
  {
    what: "a gradient of another length",
    code: "ERR_LENGTH",
    type: RangeError,
    message: "Parameter 0 (weight): grad must have 8 elements like its data, got 7",
    act: (f) => ((first(f).grad = new Float32Array(7)), f.optimizer.step()),
  },
  {
    what: "data replaced by another length",
    code: "ERR_LENGTH",
    type: RangeError,
    act: (f) => ((first(f).data = new Float32Array(9)), f.optimizer.step()),
  },
  {
    what: "out of another length",
    code: "ERR_LENGTH",
    type: RangeError,
    act: (f) => ((first(f).out = new Float32Array(9)), f.optimizer.step()),
  },
  {
    what: "a Float64Array for a gradient",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    message: /grad must be a Float32Array, got a Float64Array of 8/,
    act: (f) => ((first(f).grad = hostile(new Float64Array(8))), f.optimizer.step()),
  },
  {
    what: "an array for a gradient",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    act: (f) => ((first(f).grad = hostile([0, 0, 0])), f.optimizer.step()),
  },
  {
    what: "an object that claims to be a Float32Array",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    act: (f) => ((first(f).grad = hostile(Object.create(Float32Array.prototype, { length: { value: 8 } }))), f.optimizer.step()),
  },
  {
    what: "a Proxy of a Float32Array",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    act: (f) => ((first(f).grad = new Proxy(new Float32Array(8), {})), f.optimizer.step()),
  },
  {
    what: "data replaced by a number",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    act: (f) => ((first(f).data = hostile(3)), f.optimizer.step()),
  },
  {
    what: "a detached new gradient",
    code: "ERR_DETACHED",
    type: TypeError,
    message: /its grad lost its memory/,
    act: (f) => ((first(f).grad = detached(8)), f.optimizer.step()),
  },
  {
    what: "a gradient that is the parameter",
    code: "ERR_OVERLAP",
    type: RangeError,
    message: /grad of parameter 0 \(weight\) and data of parameter 0 \(weight\)/,
    act: (f) => ((first(f).grad = first(f).data), f.optimizer.step()),
  },
  {
    what: "a gradient that shares one element with another parameter",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: (f) => ((first(f).grad = f.memory.subarray(9, 17)), f.optimizer.step()),
  },
  {
    what: "a gradient that is a state",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: (f) => ((first(f).grad = f.optimizer.state.get(first(f))?.exp_avg as Float32Array), f.optimizer.step()),
  },
  {
    what: "parameters that come to overlap",
    code: "ERR_OVERLAP",
    type: RangeError,
    message: /[Tt]ied weights/,
    act: (f) => ((second(f).data = f.memory.subarray(7, 10)), f.optimizer.step()),
  },
  {
    what: "a parameter that comes to lie over one without a gradient",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: (f) => ((second(f).data = f.memory.subarray(32, 35)), f.optimizer.step()),
  },
  {
    what: "a gradient in the state of one without a gradient",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: (f) => {
      const state = f.optimizer.state.get(first(f))?.exp_avg as Float32Array;
      first(f).grad = null;
      second(f).grad = state.subarray(0, 3);
      f.optimizer.step();
    },
  },
  {
    what: "out over another parameter",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: (f) => ((second(f).out = f.memory.subarray(0, 3)), f.optimizer.step()),
  },
];

const optionRows: Row[] = [
  ...(
    [
      ["lr", -1, "Invalid learning rate: -1"],
      ["lr", Number.NaN, "Invalid learning rate: NaN"],
      ["eps", -1e-8, "Invalid epsilon value: -1e-8"],
      ["betas", [1, 0.999], "Invalid beta parameter at index 0: 1"],
      ["betas", [0.9, -0.1], "Invalid beta parameter at index 1: -0.1"],
      ["betas", [0.9, Number.NaN], "Invalid beta parameter at index 1: NaN"],
      ["weight_decay", -0.1, "Invalid weight_decay value: -0.1"],
    ] as const
  ).map(([key, value, message]): Row => {
    const act: Act = (f) => Object.assign(group(f), { [key]: value });
    return { what: `${key} = ${String(value)}`, code: "ERR_INVALID_OPTION", type: RangeError, message, act };
  }),
  ...(
    [
      ["lr", "0.1"],
      ["lr", null],
      ["lr", undefined],
      ["lr", 1n],
      ["eps", {}],
      ["betas", 0.9],
      ["betas", [0.9]],
      ["betas", [0.9, 0.99, 0.999]],
      ["betas", ["0.9", 0.999]],
      ["betas", null],
      ["amsgrad", 1],
      ["rectify", "true"],
      ["weight_decouple", null],
    ] as const
  ).map(([key, value]): Row => {
    const act: Act = (f) => Object.assign(group(f, 1), { [key]: value });
    return {
      what: `${key} = ${JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? "1n" : v))}`,
      code: "ERR_INVALID_OPTION",
      type: TypeError,
      act,
    };
  }),
  {
    what: "betas changed in place",
    code: "ERR_INVALID_OPTION",
    changesGroups: true,
    act: (f) => {
      f.optimizer.step();
      (group(f).betas as number[])[1] = 1;
      const before = snapshot(f.optimizer, f.parameters);
      const error = thrownBy(() => f.optimizer.step());
      expect(snapshot(f.optimizer, f.parameters)).toEqual(before);
      throw error;
    },
  },
  {
    what: "an unknown key in the place of another",
    code: "ERR_UNKNOWN_OPTION",
    changesGroups: true,
    act: (f) => {
      Object.assign(group(f), { name: "body" });
      f.optimizer.step();
      delete (group(f) as { name?: string }).name;
      Object.assign(group(f), { learningRate: 9 });
      const before = snapshot(f.optimizer, f.parameters);
      const error = thrownBy(() => f.optimizer.step());
      expect(snapshot(f.optimizer, f.parameters)).toEqual(before);
      throw error;
    },
  },
  {
    what: "an unknown key in a live group",
    code: "ERR_UNKNOWN_OPTION",
    type: TypeError,
    message: /did you mean "lr"/,
    act: (f) => (Object.assign(group(f), { learningRate: 1 }), f.optimizer.step()),
  },
];

const callRows: Row[] = [
  {
    what: "a closure that throws",
    code: "MINE",
    act: (f) =>
      f.optimizer.step(() => {
        throw Object.assign(new Error("no gradients today"), { code: "MINE" });
      }),
  },
  { what: "a closure that steps", code: "ERR_BUSY", act: (f) => f.optimizer.step(() => void f.optimizer.step()) },
  {
    what: "a closure that disposes",
    code: "ERR_DISPOSED",
    changesGroups: true,
    act: (f) => f.optimizer.step(() => (f.optimizer.dispose(), 1)),
  },
  {
    what: "a closure that returns a promise",
    code: "ERR_CLOSURE",
    type: TypeError,
    act: (f) => f.optimizer.step(hostile(() => Promise.resolve(1))),
  },
  {
    what: "a step option that does not exist",
    code: "ERR_UNKNOWN_OPTION",
    act: (f) => f.optimizer.step(hostile({ maxNorm: 1 })),
  },
  {
    what: "zeroGrad with a string",
    code: "ERR_INVALID_OPTION",
    act: (f) => f.optimizer.zeroGrad(hostile({ set_to_none: "yes" })),
  },
  { what: "a number for the closure", code: "ERR_INVALID_OPTION", act: (f) => f.optimizer.step(hostile(3)) },
  { what: "a group without parameters", code: "ERR_INVALID_PARAMETER", act: (f) => f.optimizer.addParamGroup(hostile({})) },
  {
    what: "a group with a parameter that is there already",
    code: "ERR_DUPLICATE_PARAMETER",
    message: /tied weights/,
    act: (f) => f.optimizer.addParamGroup({ params: [parameter(new Float32Array(2)), first(f)] }),
  },
  {
    what: "a group whose parameter overlaps another",
    code: "ERR_OVERLAP",
    act: (f) => f.optimizer.addParamGroup({ params: [parameter(f.memory.subarray(4, 6))] }),
  },
  {
    what: "a group with an option out of range",
    code: "ERR_INVALID_OPTION",
    act: (f) => f.optimizer.addParamGroup({ params: [parameter(new Float32Array(2))], lr: -1 }),
  },
  {
    what: "a group of another version",
    code: "ERR_INVALID_OPTION",
    message: /version belongs to the optimizer/,
    act: (f) => f.optimizer.addParamGroup(hostile({ params: [parameter(new Float32Array(2))], version: "0.2.1" })),
  },
];

describe.each([
  ["memory", memoryRows],
  ["options", optionRows],
  ["calls", callRows],
])("wrong %s is a typed error and changes nothing", (_, rows) => {
  it.each(rows)("$what: $code", ({ code, type = Error, message = "", changesGroups, act }) => {
    const f = fixture();
    let before: unknown;
    const error = thrownBy(() => {
      // What the act sets on parameters and groups is the caller's own; the rest must be as it was.
      const step = f.optimizer.step.bind(f.optimizer);
      f.optimizer.step = hostile((argument?: never) => {
        before = snapshot(f.optimizer, f.parameters);
        return step(argument);
      });
      before = snapshot(f.optimizer, f.parameters);
      act(f);
    });
    expect(error).toMatchObject({ code });
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(message);
    if (changesGroups !== true) expect(snapshot(f.optimizer, f.parameters)).toEqual(before);
  });

  it.each(rows.filter(({ changesGroups }) => changesGroups !== true))("after $what, a corrected step works", ({ act }) => {
    const f = fixture();
    const [data, grad] = [first(f).data, first(f).grad];
    const [data1, grad1] = [second(f).data, second(f).grad];
    const options = f.optimizer.paramGroups.map(({ params: _params, ...rest }) => rest);
    thrownBy(() => act(f));
    Object.assign(first(f), { data, grad, out: undefined });
    Object.assign(second(f), { data: data1, grad: grad1, out: undefined });
    f.optimizer.paramGroups.forEach((live, i) => {
      delete (live as { learningRate?: number }).learningRate;
      Object.assign(live, options[i]);
    });
    expect(f.optimizer.step()).toEqual({ updated: 2, skipped: false });
    expect(f.optimizer.state.get(first(f))?.step).toBe(2);
  });
});

describe("a constructor refuses", () => {
  const data = new Float32Array(4);
  const rows: [string, string, () => unknown][] = [
    ["no parameters", "ERR_EMPTY_PARAMETERS", () => new AdaBelief([])],
    ["groups without parameters", "ERR_EMPTY_PARAMETERS", () => new AdaBelief([{ params: [] }])],
    ["nothing", "ERR_INVALID_PARAMETER", () => new AdaBelief(hostile(undefined))],
    ["a bare Float32Array", "ERR_INVALID_PARAMETER", () => new AdaBelief(hostile(data))],
    ["an array of Float32Arrays", "ERR_INVALID_PARAMETER", () => new AdaBelief(hostile([data]))],
    ["null for a parameter", "ERR_INVALID_PARAMETER", () => new AdaBelief(hostile([null]))],
    ["a parameter without data", "ERR_NOT_FLOAT32", () => new AdaBelief(hostile([{ grad: data }]))],
    ["data of doubles", "ERR_NOT_FLOAT32", () => new AdaBelief(hostile([{ data: new Float64Array(4) }]))],
    ["a shape of another size", "ERR_LENGTH", () => new AdaBelief([{ data, shape: [2, 3] }])],
    ["a shape of halves", "ERR_INVALID_PARAMETER", () => new AdaBelief([{ data, shape: [0.5, 8] }])],
    ["the same parameter twice", "ERR_DUPLICATE_PARAMETER", () => ((p) => new AdaBelief([p, p]))(parameter(data))],
    ["the same data twice", "ERR_OVERLAP", () => new AdaBelief([parameter(data), parameter(data)])],
    ["groups and parameters mixed", "ERR_INVALID_PARAMETER", () => new AdaBelief(hostile([{ params: [] }, parameter(data)]))],
    ["null for options", "ERR_INVALID_OPTION", () => new AdaBelief([parameter(data)], hostile(null))],
    ["a version that is not there", "ERR_INVALID_OPTION", () => new AdaBelief([parameter(data)], hostile({ version: "0.3.0" }))],
    [
      "a version of Object.prototype",
      "ERR_INVALID_OPTION",
      () => new AdaBelief([parameter(data)], hostile({ version: "toString" })),
    ],
    [
      "another version's option",
      "ERR_UNKNOWN_OPTION",
      () => new AdaBelief([parameter(data)], hostile({ degenerated_to_sgd: true })),
    ],
  ];
  it.each(rows)("%s: %s", (_, code, act) => expect(thrownBy(act)).toMatchObject({ code }));

  it.each([
    ["learningRate", "lr"],
    ["learning_rate", "lr"],
    ["epsilon", "eps"],
    ["beta1", "betas"],
    ["beta_2", "betas"],
    ["weightDecay", "weight_decay"],
    ["weightDecouple", "weight_decouple"],
    ["AMSGrad", "amsgrad"],
  ])("%s, and names %s", (key, meant) => {
    const error = thrownBy(() => new AdaBelief([parameter(data)], hostile({ [key]: 1 })));
    expect(error).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
      message: expect.stringContaining(`did you mean "${meant}"?`) as string,
    });
  });
});

describe("the stateless update refuses", () => {
  const arrays = () => ({
    data: new Float32Array(4).fill(1),
    grad: new Float32Array(4).fill(1),
    exp_avg: new Float32Array(4),
    exp_avg_var: new Float32Array(4),
    step: 1,
  });
  const rows: [string, string, object][] = [
    ["step 0", "ERR_INVALID_OPTION", { step: 0 }],
    ["a step of 1.5", "ERR_INVALID_OPTION", { step: 1.5 }],
    ["no step", "ERR_INVALID_OPTION", { step: undefined }],
    ["no gradient", "ERR_NOT_FLOAT32", { grad: null }],
    ["a short state", "ERR_LENGTH", { exp_avg_var: new Float32Array(3) }],
    ["amsgrad without its array", "ERR_NOT_FLOAT32", { amsgrad: true }],
    ["a detached state", "ERR_DETACHED", { exp_avg: detached(4) }],
    ["an option that is not there", "ERR_UNKNOWN_OPTION", { learningRate: 1 }],
    ["a negative learning rate", "ERR_INVALID_OPTION", { lr: -1 }],
  ];
  it.each(rows)("%s: %s", (_, code, spoiled) => {
    const good = arrays();
    expect(thrownBy(() => update({ ...good, ...spoiled }))).toMatchObject({ code });
    expect([...good.data]).toEqual([1, 1, 1, 1]);
  });

  it("state over data: ERR_OVERLAP", () => {
    const good = arrays();
    expect(thrownBy(() => update({ ...good, exp_avg: good.data }))).toMatchObject({ code: "ERR_OVERLAP" });
  });
});

describe("the stateless update takes what belongs to a parameter or a group, and ignores it", () => {
  const arrays = () => ({ grad: Float32Array.of(1), exp_avg: new Float32Array(1), exp_avg_var: new Float32Array(1), step: 1 });
  const wanted = (() => {
    const data = Float32Array.of(1);
    update({ data, ...arrays(), lr: 0.5 });
    return [...data];
  })();

  it("update({ ...parameter, ...group })", () => {
    const p = parameter(Float32Array.of(1), { name: "weight", shape: [1], grad: Float32Array.of(1) });
    const optimizer = new AdaBelief([{ params: [p], lr: 0.5, name: "all", initial_lr: 3, extra: { a: 1 } }]);
    const group = optimizer.paramGroups[0] as object;
    const { grad: _, ...rest } = arrays();
    update({ ...p, ...rest, ...group } as never);
    expect([...p.data]).toEqual(wanted);
  });

  it("but no other key", () => {
    const request = { data: Float32Array.of(1), ...arrays(), lr: 0.5, parameters: [] };
    expect(thrownBy(() => update(request as never))).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
  });
});

describe("what was probably meant is said where it is no parameter", () => {
  const p = () => parameter(new Float32Array(1));
  it.each<[string, RegExp, () => unknown]>([
    ["a Map", /map\.values\(\)/, () => new Map([["w", p()]])],
    ["the entries of a Map", /map\.values\(\)/, () => [...new Map([["w", p()]])]],
    ["a Map in a group", /map\.values\(\)/, () => [{ params: new Map([["w", p()]]) }]],
    ["nested arrays", /list\.flat\(\)/, () => [[p()], [p()]]],
    ["nested arrays in a group", /list\.flat\(\)/, () => [{ params: [[p()]] }]],
    ["arrays of numbers", /Float32Array\.from/, () => [[1, 2]]],
    ["one parameter", /\[parameter\]/, () => p()],
    ["one group", /\[group\]/, () => ({ params: [p()] })],
    ["one array", /\[parameter\(array\)\]/, () => new Float32Array(1)],
    ["arrays", /parameter\(array\)/, () => [new Float32Array(1)]],
    ["an object of parameters", /Object\.values\(object\)/, () => ({ w: p(), b: p() })],
  ])("%s", (_, message, make) => {
    const error = thrownBy(() => new AdaBelief(make() as Parameter[]));
    expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toMatch(message);
  });

  it("a string is quoted, and not called one as well", () => {
    expect(thrownBy(() => new AdaBelief([p()], { lr: "0.1" } as never)).message).toBe('lr must be a number, got "0.1"');
  });
});

describe("a disposed optimizer refuses", () => {
  const dict: StateDict = { state: {}, param_groups: [] };
  it.each<[string, (optimizer: AdaBelief) => unknown]>([
    ["step", (o) => o.step()],
    ["zeroGrad", (o) => o.zeroGrad()],
    ["reset", (o) => o.reset()],
    ["addParamGroup", (o) => o.addParamGroup({ params: [] })],
    ["stateDict", (o) => o.stateDict()],
    ["loadStateDict", (o) => o.loadStateDict(dict)],
  ])("%s", (_, act) => {
    const { optimizer } = fixture();
    optimizer.dispose();
    optimizer[Symbol.dispose]();
    expect(thrownBy(() => act(optimizer))).toMatchObject({ code: "ERR_DISPOSED" });
  });
});

describe("the processor's settings refuse", () => {
  it.each([["sse9"], ["__proto__"], [""], [hostile(3)], [hostile(undefined)]])("backend %p", (name) => {
    const before = cpu.backend;
    expect(thrownBy(() => (cpu.backend = name))).toMatchObject({ code: "ERR_BACKEND" });
    expect(cpu.backend).toBe(before);
  });
  it.each([[0], [-1], [1.5], [Number.NaN], [hostile("2")]])("%p threads", (count) => {
    expect(thrownBy(() => (cpu.threads = count))).toMatchObject({ code: "ERR_THREADS" });
  });
});
