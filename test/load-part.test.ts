// Loading what matches by name: { strict: false }, of dicts and of checkpoints.
import { AdaBelief, Adam, cuda, parameter, type LoadReport, type Parameter, type StateDict } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { fails } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { itOnDevices } from "./helpers/native-only";
import { snapshot, thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();

const make = (name: string | undefined, length = 4, fill = (name ?? "?").charCodeAt(0)) =>
  parameter(new Float32Array(length).fill(fill), {
    grad: new Float32Array(length).map((_, k) => (k + 1) / fill),
    ...(name === undefined ? {} : { name }),
  });
const makeAll = (names: string) => Array.from(names, (name) => make(name));

/** An optimizer after three steps. */
function train(names: string, options: object = {}): { parameters: Parameter[]; optimizer: AdaBelief } {
  const parameters = makeAll(names);
  const optimizer = new AdaBelief(parameters, options);
  for (let step = 0; step < 3; ++step) optimizer.step();
  return { parameters, optimizer };
}

/** The ways in which a part of one optimizer comes into another. */
const ways: [string, (from: AdaBelief, into: AdaBelief) => Promise<LoadReport>][] = [
  ["loadStateDict", (from, into) => Promise.resolve(into.loadStateDict(from.stateDict(), { strict: false }))],
  ["loadState of bytes", (from, into) => into.loadState(from.encodeState(), { strict: false })],
  [
    "loadState of a file",
    async (from, into) => {
      await from.saveState(at("part"));
      return into.loadState(at("part"), { strict: false });
    },
  ],
];

describe.each(ways)("%s with strict: false", (_, load) => {
  it("takes what matches by name, and lists the rest", async () => {
    const { parameters: theirs, optimizer: from } = train("ABC");
    const ours = makeAll("CXA");
    const into = new AdaBelief(ours);
    into.step();
    const x = snapshot(into, ours) as { state: unknown[] };
    expect(await load(from, into)).toMatchObject({ missing: ["X"], unexpected: ["B"], keptOptions: [] });
    const { state } = snapshot(into, ours) as { state: unknown[] };
    const { state: saved } = snapshot(from, theirs) as { state: unknown[] };
    expect(state).toEqual([saved[2], x.state[1], saved[0]]);
  });

  it("goes on with the bits of the run that it comes from", async () => {
    const { parameters: theirs, optimizer: from } = train("AB", { amsgrad: true, lr: 0.1 });
    const ours = makeAll("BA");
    ours.forEach((own, k) => own.data.set((theirs[1 - k] as Parameter).data));
    const into = new AdaBelief([...ours, make("X")]);
    await load(from, into);
    for (const one of [from, into]) for (let step = 0; step < 3; ++step) one.step();
    ours.forEach((own, k) => expectSameBits(own.data, (theirs[1 - k] as Parameter).data, String(own.name)));
  });

  it("takes the options of the group that a group's parameters come from", async () => {
    const from = new AdaBelief([
      { params: makeAll("AB"), lr: 0.5, initial_lr: 1, extra: { body: true } },
      { params: makeAll("CD"), lr: 0.25, betas: [0.5, 0.75] },
    ]);
    const into = new AdaBelief([
      { params: makeAll("XD"), lr: 3 },
      { params: makeAll("BC"), lr: 4 },
      { params: makeAll("YA"), lr: 5 },
      { params: makeAll("Z"), lr: 6 },
    ]);
    expect(await load(from, into)).toMatchObject({ missing: ["X", "Y", "Z"], unexpected: [], keptOptions: [1, 3] });
    expect(into.paramGroups.map(({ lr, betas, initial_lr, extra }) => ({ lr, betas, initial_lr, extra }))).toEqual([
      { lr: 0.25, betas: [0.5, 0.75], initial_lr: undefined, extra: undefined },
      { lr: 4, betas: [0.9, 0.999], initial_lr: undefined, extra: undefined },
      { lr: 0.5, betas: [0.9, 0.999], initial_lr: 1, extra: { body: true } },
      { lr: 6, betas: [0.9, 0.999], initial_lr: undefined, extra: undefined },
    ]);
  });

  it("names what has no name by its number", async () => {
    const from = new AdaBelief([make("A"), make(undefined)]);
    const into = new AdaBelief([make(undefined), make("A")]);
    expect(await load(from, into)).toMatchObject({ missing: ["0"], unexpected: ["1"], keptOptions: [] });
  });

  it("forgets the state of a parameter that was never stepped there", async () => {
    const { optimizer: into, parameters } = train("A");
    await load(new AdaBelief(makeAll("AB")), into);
    expect(into.state.get(parameters[0] as Parameter)).toBeUndefined();
  });

  itOnDevices("puts the state where the parameter lies", async () => {
    const { parameters: theirs, optimizer: from } = train("AB");
    const own = parameter(cuda.from(new Float32Array(4)), { name: "B" });
    const into = new AdaBelief([own]);
    expect(await load(from, into)).toMatchObject({ missing: [], unexpected: ["A"] });
    const [here, moved] = [from.state.get(theirs[1] as Parameter), into.state.get(own)];
    expectSameBits(moved?.exp_avg.read() as Float32Array, here?.exp_avg as Float32Array, "exp_avg");
    into.dispose();
  });

  const refused: [string, () => { from: AdaBelief; into: AdaBelief; own: Parameter[] }, RegExp][] = [
    [
      "a length that differs",
      () => {
        const own = [make("A", 5), make("X")];
        return { from: train("AB").optimizer, into: new AdaBelief(own), own };
      },
      /Parameter 0 \(A\)/,
    ],
    [
      "a moment that its new group's options need",
      () => {
        const own = makeAll("ABX");
        const from = new AdaBelief([{ params: makeAll("A") }, { params: makeAll("B") }]);
        for (const { params } of from.paramGroups) for (const one of params) one.grad = new Float32Array(4).fill(1);
        from.step();
        return { from, into: new AdaBelief(own, { amsgrad: true }), own };
      },
      /its state has no max_exp_avg_var/,
    ],
    [
      "slow weights where there is no Lookahead",
      () => {
        const own = makeAll("AC");
        const from = new AdaBelief([{ params: makeAll("AB"), lookahead: {} }, { params: makeAll("C") }]);
        from.step();
        return { from, into: new AdaBelief(own), own };
      },
      /keeps no "slow_buffer" in its state without Lookahead/,
    ],
    [
      "another version",
      () => {
        const own = makeAll("A");
        return { from: train("A", { version: "0.2.1" }).optimizer, into: new AdaBelief(own), own };
      },
      /belongs to version "0.2.1"/,
    ],
    [
      "a side without names",
      () => {
        const own = [make(undefined), make(undefined)];
        return { from: train("A").optimizer, into: new AdaBelief(own), own };
      },
      /this optimizer has no names: give each a name/,
    ],
    [
      "a dict without names",
      () => {
        const own = makeAll("A");
        return { from: new AdaBelief([make(undefined)]), into: new AdaBelief(own), own };
      },
      /the dict has no names/,
    ],
    [
      "a name that stands twice there",
      () => {
        const own = makeAll("AX");
        return { from: train("AAB").optimizer, into: new AdaBelief(own), own };
      },
      /"A" stands twice in the dict/,
    ],
    [
      "a name that stands twice here",
      () => {
        const own = makeAll("AA");
        return { from: train("AB").optimizer, into: new AdaBelief(own), own };
      },
      /"A" stands twice in this optimizer/,
    ],
  ];
  it.each(refused)("refuses %s, and changes nothing", async (_, prepare, message) => {
    const { from, into, own } = prepare();
    into.step();
    const before = snapshot(into, own);
    const error = await fails((async () => load(from, into))());
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^ERR_(STATE_DICT|CHECKPOINT)$/);
    expect(snapshot(into, own)).toEqual(before);
  });

  it("lets names stand twice that match nothing", async () => {
    const into = new AdaBelief(makeAll("AXX"));
    expect(await load(train("ABB").optimizer, into)).toMatchObject({ missing: ["X", "X"], unexpected: ["B", "B"] });
  });
});

describe("the values in a checkpoint", () => {
  it("are written for the parameters that match, and no others", async () => {
    const { parameters: theirs, optimizer: from } = train("ABC");
    const ours = makeAll("CXA");
    const into = new AdaBelief(ours);
    const bytes = from.encodeState({ parameters: true, extra: 7 });
    expect(await into.loadState(bytes, { parameters: true, strict: false })).toEqual({
      extra: 7,
      missing: ["X"],
      unexpected: ["B"],
      keptOptions: [],
      converted: [],
    });
    [theirs[2], make("X"), theirs[0]].forEach((wanted, k) =>
      expectSameBits((ours[k] as Parameter).data, (wanted as Parameter).data, String(k)),
    );
  });

  it("must be there", async () => {
    const into = new AdaBelief(makeAll("AX"));
    const error = await fails(into.loadState(train("A").optimizer.encodeState(), { parameters: true, strict: false }));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT", message: expect.stringContaining("holds no parameters") as string });
  });

  it("of another shape are refused, where the parameters match", async () => {
    const shaped = (name: string, shape: number[]) => parameter(new Float32Array(6), { name, shape });
    const bytes = new AdaBelief([shaped("A", [2, 3]), shaped("B", [2, 3])]).encodeState({ parameters: true });
    const into = new AdaBelief([shaped("A", [3, 2]), shaped("X", [6])]);
    const error = await fails(into.loadState(bytes, { parameters: true, strict: false }));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT", message: expect.stringContaining("has shape [2, 3]") as string });
    const other = new AdaBelief([shaped("X", [3, 2]), shaped("A", [2, 3])]);
    await expect(other.loadState(bytes, { parameters: true, strict: false })).resolves.toMatchObject({ unexpected: ["B"] });
  });
});

it("a checkpoint is refused where any byte is damaged, those that nobody takes as well", async () => {
  const bytes = train("AB").optimizer.encodeState({ parameters: true });
  const ours = makeAll("AX");
  const into = new AdaBelief(ours);
  const before = snapshot(into, ours);
  for (let k = 1; k < bytes.length; k += 41) {
    const spoilt = bytes.slice();
    spoilt[spoilt.length - k] = (spoilt[spoilt.length - k] as number) ^ 1;
    expect(await fails(into.loadState(spoilt, { parameters: true, strict: false }))).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(snapshot(into, ours)).toEqual(before);
  }
});

describe("a dict is checked whole", () => {
  const spoilt: [string, (dict: StateDict) => unknown, RegExp][] = [
    ["a state that no group names", (dict) => (dict.state["9"] = {}), /state has an entry "9"/],
    [
      "an option out of range in a group that nobody takes",
      (dict) => Object.assign(dict.param_groups[1] as object, { lr: -1 }),
      /-1/,
    ],
    ["a key that no group has", (dict) => Object.assign(dict.param_groups[1] as object, { rate: 1 }), /"rate"/],
    ["a parameter twice", (dict) => Object.assign(dict.param_groups[1] as object, { params: [0] }), /parameter 0 twice/],
    ["names that are too few", (dict) => Object.assign(dict.param_groups[1] as object, { param_names: [] }), /must be 1 names/],
    ["params that are no list", (dict) => Object.assign(dict.param_groups[1] as object, { params: 1 }), /params must be numbers/],
    ["a group that is none", (dict) => (dict.param_groups[1] = null as never), /param_groups\[1\] must be an object/],
  ];
  it.each(spoilt)("and refused for %s", (_, spoil, message) => {
    const from = new AdaBelief([{ params: makeAll("A") }, { params: makeAll("B") }]);
    const ours = makeAll("AX");
    const into = new AdaBelief(ours);
    const [dict, before] = [from.stateDict(), snapshot(into, ours)];
    spoil(dict);
    const error = thrownBy(() => into.loadStateDict(dict, { strict: false }));
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^ERR_(STATE_DICT|INVALID_OPTION)$/);
    expect(snapshot(into, ours)).toEqual(before);
  });
});

it("a dict of PyTorch's from release 2.6 on, which has names, is taken", () => {
  const moments = () => ({ step: 3, exp_avg: new Float32Array(4).fill(1), exp_avg_sq: new Float32Array(4).fill(2) });
  const dict = {
    state: { 0: moments(), 1: moments() },
    param_groups: [
      { lr: 0.5, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0, amsgrad: false, params: [0, 1], param_names: ["A", "B"] },
    ],
  };
  const ours = makeAll("XB");
  const into = new Adam(ours);
  expect(into.loadStateDict(dict, { strict: false })).toEqual({
    missing: ["X"],
    unexpected: ["A"],
    keptOptions: [],
    converted: [],
  });
  expect([into.paramGroups[0]?.lr, into.state.get(ours[1] as Parameter)]).toEqual([0.5, dict.state[1]]);
});

it("strict is true or false, and by default groups and parameters must be the same", async () => {
  const { optimizer } = train("A");
  const into = new AdaBelief(makeAll("AX"));
  expect(thrownBy(() => into.loadStateDict(optimizer.stateDict(), { strict: 0 as never }))).toMatchObject({
    code: "ERR_INVALID_OPTION",
    message: expect.stringContaining("strict must be true or false") as string,
  });
  expect(thrownBy(() => into.loadStateDict(optimizer.stateDict(), { part: true } as never))).toMatchObject({
    code: "ERR_UNKNOWN_OPTION",
  });
  expect(await fails(into.loadState(optimizer.encodeState(), { strict: "no" as never }))).toMatchObject({
    code: "ERR_INVALID_OPTION",
  });
  for (const options of [undefined, {}, { strict: true as const }]) {
    expect(thrownBy(() => into.loadStateDict(optimizer.stateDict(), options))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(await fails(into.loadState(optimizer.encodeState(), options))).toMatchObject({ code: "ERR_CHECKPOINT" });
  }
});
