// Ranks that would do different things: all of them get an error, and nothing has changed.
import { eachLauncher, resultsOf } from "./helpers/ranks";
import { model } from "./helpers/model";

interface Ended {
  code?: string;
  message?: string;
  changed: boolean;
  updated?: number;
  skipped?: boolean;
  hash?: string;
}

/** What one rank does otherwise, and how it is undone; then what rank 0, and what rank 1 are told. */
const cases: [string, { act: string; undo: string; others: [string, RegExp]; own?: [string, RegExp] }][] = [
  [
    "a gradient of another length",
    {
      act: "weight.grad = new Float32Array(3)",
      undo: "weight.grad = new Float32Array(30000).fill(0.1)",
      others: [
        "ERR_MPI_PEER",
        /^Rank 1 refused, and nothing was changed on any rank: ERR_LENGTH: Parameter 0 \(weight\): grad must/,
      ],
      own: ["ERR_LENGTH", /^Parameter 0 \(weight\): grad must have 30000 elements/],
    },
  ],
  [
    "a sparse gradient",
    {
      act: "weight.grad = { rows: Uint32Array.of(0), values: new Float32Array(1) }",
      undo: "weight.grad = new Float32Array(30000).fill(0.1)",
      others: ["ERR_MPI_PEER", /ERR_SPARSE: Parameter 0 \(weight\): its grad is sparse; Sharded exchanges whole gradients/],
      own: ["ERR_SPARSE", /^Parameter 0 \(weight\): its grad is sparse/],
    },
  ],
  [
    "an option that cannot be",
    {
      act: "options = { gradScale: NaN }",
      undo: "options = {}",
      others: ["ERR_MPI_PEER", /^Rank 1 refused, .*: ERR_INVALID_OPTION: Invalid gradScale: NaN/],
      own: ["ERR_INVALID_OPTION", /^Invalid gradScale/],
    },
  ],
  [
    "data with an out",
    {
      act: "weight.out = new Float32Array(30000)",
      undo: "delete weight.out",
      others: ["ERR_MPI_PEER", /ERR_INVALID_PARAMETER: Parameter 0 \(weight\): Sharded updates data in place/],
      own: ["ERR_INVALID_PARAMETER", /^Parameter 0/],
    },
  ],
  [
    "state in 16 bits",
    {
      act: 'inner.paramGroups[0].state_dtype = "bfloat16"',
      undo: 'inner.paramGroups[0].state_dtype = "float32"',
      others: ["ERR_MPI_PEER", /ERR_INVALID_OPTION: Param group 0: Sharded keeps float32 state only/],
      own: ["ERR_INVALID_OPTION", /^Param group 0: Sharded keeps float32 state only/],
    },
  ],
  [
    "another learning rate",
    {
      act: "inner.paramGroups[0].lr = 2e-2",
      undo: "inner.paramGroups[0].lr = 1e-2",
      others: ["ERR_MPI_DISAGREE", /the options of the step or of the groups/],
    },
  ],
  [
    "another norm",
    {
      act: "options = { maxGradNorm: 1 }",
      undo: "options = {}",
      others: ["ERR_MPI_DISAGREE", /the options of the step or of the groups/],
    },
  ],
  [
    "no gradient",
    {
      act: "bias.grad = null",
      undo: "bias.grad = new Float32Array(10).fill(0.1)",
      others: ["ERR_MPI_DISAGREE", /which parameters have a gradient/],
    },
  ],
];

const body = (act: string, undo: string) => `
  ${model()}
  let options = {};
  const ended = [];
  for (const ready of [false, true]) {
    if (rank === 1) { ${act}; } else if (ready) { optimizer.ready(bias); optimizer.ready(weight); }
    ended.push(await attempt(() => optimizer.step(options)));
    if (rank === 1) { ${undo}; }
  }
  ended.push({ ...(await attempt(() => optimizer.step(options))), hash: hashOf(weight.data, bias.data) });
  result(rank, ended);
  await world.close();`;

eachLauncher((launcher) => {
  it.each(cases)(
    "%s on one rank: an error that names it, nothing changed, and the next step is made",
    (_, { act, undo, others, own }) => {
      const [first, second] = resultsOf<Ended[]>(launcher, body(act, undo), { ranks: 2 }) as [Ended[], Ended[]];
      const wanted = ([code, message]: [string, RegExp]) => ({
        code,
        message: expect.stringMatching(message) as string,
        changed: false,
      });
      const [ofFirst, ofSecond] = [wanted(others), wanted(own ?? others)];
      expect(first.slice(0, 2)).toEqual([ofFirst, ofFirst]);
      expect(second.slice(0, 2)).toEqual([ofSecond, ofSecond]);
      if (others[0] === "ERR_MPI_DISAGREE") expect(first[0]?.message).toMatch(/^Rank 1 disagrees on /);
      expect([first[2], second[2]]).toEqual([first[2], first[2]]);
      expect(first[2]).toMatchObject({ updated: 2, skipped: false, changed: true });
    },
  );

  it("names the rank that differs from the others", () => {
    const script = `${model()}
      if (rank === 0) inner.paramGroups[0].lr = 3;
      result(rank, await attempt(() => optimizer.step()));
      await world.close();`;
    const found = resultsOf<Ended>(launcher, script, { ranks: 3 });
    for (const { message } of found) expect(message).toMatch(/^Rank 0 disagrees on the options/);
  });

  it("skips a step everywhere where one rank's gradient is not finite", () => {
    const script = `${model()}
      if (rank === 1) weight.grad[29999] = NaN;
      result(rank, await attempt(() => optimizer.step({ skipNonFinite: true })));
      await world.close();`;
    const found = resultsOf<Ended>(launcher, script, { ranks: 2 });
    for (const ended of found) expect(ended).toMatchObject({ updated: 0, skipped: true, changed: false });
  });

  it("takes the optimizer over: its methods throw, its groups stay live", () => {
    const script = `${model()}
      const codes = [];
      const note = (act) => { try { act(); codes.push("none"); } catch ({ code }) { codes.push(code); } };
      for (const act of ["step", "stateDict", "dispose", "zeroGrad", "reset"]) note(() => inner[act]());
      for (const act of ["stepAsync", "saveState"]) await inner[act]("x").catch(({ code }) => codes.push(code));
      note(() => new Sharded(inner, world));
      note(() => new Sharded({}, world));
      note(() => new Sharded(new adabelief.SGD([adabelief.parameter(new Float32Array(1))], { lr: 1 }), {}));
      note(() => optimizer.ready({}));
      optimizer.ready(bias);
      note(() => optimizer.ready(bias));
      note(() => optimizer.zeroGrad());
      const moved = new Float32Array(30000);
      await optimizer.step();
      optimizer.zeroGrad();
      result(rank, [codes, optimizer.paramGroups === inner.paramGroups, inner.state.get(weight) === undefined, weight.grad[7]]);
      await world.close();`;
    const codes = [
      ...Array<string>(9).fill("ERR_OPTIMIZER"),
      "ERR_INVALID_OPTION",
      "ERR_INVALID_PARAMETER",
      "ERR_BUSY",
      "ERR_BUSY",
    ];
    expect(resultsOf(launcher, script, { ranks: 2 })).toEqual(Array(2).fill([codes, true, true, 0]));
  });

  it("drives schedules, and ranks that own nothing", () => {
    const script = `const world = await mpi.world({ timeout: 20 });
      const p = adabelief.parameter(Float32Array.of(1, 2), { grad: Float32Array.of(1, 1) });
      const optimizer = new Sharded(new adabelief.SGD([p], { lr: 0.5 }), world);
      const schedule = new adabelief.StepLR(optimizer, { step_size: 1, gamma: 0.5 });
      await optimizer.step();
      schedule.step();
      await optimizer.step();
      result(world.rank, [...p.data]);
      await world.close();`;
    expect(resultsOf(launcher, script, { ranks: 3 })).toEqual(Array(3).fill([0.25, 1.25]));
  });
});
