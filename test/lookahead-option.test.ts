// The option `lookahead`, which every optimizer has. The class of that name sets it for all groups.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Adam, Lookahead, parameter, RangerAdaBelief, SGD, StepLR, update, type Optimizer, type Parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { temporaryFolder } from "./helpers/folder";
import { gradientsAt, initialValues } from "./helpers/golden";
import { thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();
const fresh = () => parameter(initialValues(), { grad: gradientsAt("normal", 1), name: "weight" });

function run(optimizer: Pick<Optimizer<{ lr: number }>, "step">, p: Parameter, from: number, to: number): void {
  for (let step = from; step <= to; ++step) {
    p.grad = gradientsAt("normal", step);
    optimizer.step();
  }
}

describe("the option lookahead", () => {
  it("does what the class does", () => {
    const [one, other] = [fresh(), fresh()];
    run(new Adam([one], { lookahead: { k: 3, alpha: 0.25 } }), one, 1, 10);
    run(new Lookahead(new Adam([other]), { k: 3, alpha: 0.25 }), other, 1, 10);
    expectSameBits(one.data, other.data, "data");
  });

  it("belongs to a group", () => {
    const [slow, fast] = [parameter(Float32Array.of(0)), parameter(Float32Array.of(0))];
    const optimizer = new SGD([{ params: slow, lookahead: { k: 1 } }, { params: fast }], { lr: 1 });
    slow.grad = fast.grad = Float32Array.of(-1);
    optimizer.step();
    expect([slow.data[0], fast.data[0]]).toEqual([0.5, 1]);
    expect(optimizer.state.get(slow)?.slow_buffer).toEqual(Float32Array.of(0.5));
    expect(optimizer.state.get(fast)).toBeUndefined();
  });

  it("has k 6 and alpha 0.5 unless it is told otherwise", () => {
    const optimizer = new SGD([fresh()], { lookahead: {} });
    expect(optimizer.paramGroups[0]?.lookahead).toEqual({ k: 6, alpha: 0.5 });
    expect(optimizer.defaults.lookahead).toEqual({ k: 6, alpha: 0.5 });
  });

  it("shows a copy, whose change the next step obeys or refuses", () => {
    const p = parameter(Float32Array.of(0), { grad: Float32Array.of(-1) });
    const optimizer = new SGD([p], { lr: 1, lookahead: { k: 6, alpha: 0.5 } });
    const shown = optimizer.paramGroups[0]?.lookahead as { k: number; alpha: number };
    shown.k = 1;
    optimizer.step();
    expect(p.data[0]).toBe(0.5);
    delete (shown as { k?: number }).k;
    optimizer.step();
    expect(optimizer.paramGroups[0]?.lookahead).toEqual({ k: 6, alpha: 0.5 });
    (optimizer.paramGroups[0]?.lookahead as { alpha: number }).alpha = 2;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(p.data[0]).toBe(1.5);
  });

  it("obeys a change in sloppy CommonJS, too", () => {
    const program = `
      const { SGD, parameter } = require(${JSON.stringify(join(__dirname, "../dist/lib/index.js"))});
      const p = parameter(Float32Array.of(0), { grad: Float32Array.of(-1) });
      const optimizer = new SGD([p], { lr: 1, lookahead: { k: 6, alpha: 0.5 } });
      optimizer.paramGroups[0].lookahead.k = 1;
      optimizer.step();
      process.stdout.write(String(p.data[0]));`;
    expect(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })).toBe("0.5");
  });

  it("begins with the next step where it is turned on, and forgets the slow weights where it is turned off", () => {
    const p = fresh();
    const optimizer = new SGD([p], { lr: 0.1 });
    const [group] = optimizer.paramGroups as [(typeof optimizer.paramGroups)[number]];
    run(optimizer, p, 1, 2);
    const before = p.data.slice();
    group.lookahead = { k: 100 };
    run(optimizer, p, 3, 3);
    expectSameBits(optimizer.state.get(p)?.slow_buffer as Float32Array, before, "slow weights");
    group.lookahead = null;
    run(optimizer, p, 4, 4);
    expect(optimizer.state.get(p)).toBeUndefined();
  });

  it("leaves everything as it was where the slow weights begin in a step that is refused", () => {
    const p = fresh();
    const optimizer = new SGD([p], { lr: 0.1, lookahead: { k: 2 } });
    const before = p.data.slice();
    p.grad = Float32Array.of(1, 2);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
    expectSameBits(p.data, before, "data");
    expect(optimizer.state.get(p)).toBeUndefined();
    run(optimizer, p, 1, 2);
    expectSameBits(optimizer.state.get(p)?.slow_buffer as Float32Array, p.data, "slow weights");
  });

  it.each([[{ k: 0 }], [{ alpha: 2 }], [5], ["all"], [[6, 0.5]], [{ steps: 3 }]])(
    "refuses %j where it is assigned",
    (lookahead) => {
      const optimizer = new SGD([fresh()], { lookahead: { k: 4 } });
      const [group] = optimizer.paramGroups as [(typeof optimizer.paramGroups)[number]];
      expect(thrownBy(() => (group.lookahead = lookahead as never))).toHaveProperty("code", expect.stringMatching(/_OPTION/));
      expect(group.lookahead).toEqual({ k: 4, alpha: 0.5 });
    },
  );

  it("is no option of update, which keeps no slow weights, nor of RangerAdaBelief, which has its own", () => {
    const arrays = {
      data: new Float32Array(1),
      grad: new Float32Array(1),
      exp_avg: new Float32Array(1),
      exp_avg_var: new Float32Array(1),
    };
    expect(thrownBy(() => update({ ...arrays, step: 1, lookahead: { k: 2 } }))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    const options = { lookahead: { k: 2 } } as object;
    expect(thrownBy(() => new RangerAdaBelief([fresh()], options))).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
  });
});

describe("the class Lookahead", () => {
  it("is an optimizer to types, schedules and checkpoints", async () => {
    const p = fresh();
    const optimizer: Optimizer<{ lr: number }> = new Lookahead(new Adam([p], { lr: 0.1 }), { k: 2 });
    const schedule = new StepLR(optimizer, { step_size: 1, gamma: 0.5 });
    run(optimizer, p, 1, 1);
    schedule.step();
    expect(optimizer.paramGroups[0]?.lr).toBe(0.05);
    await optimizer.saveState(at("lookahead"));
    const copy = parameter(p.data.slice(), { name: "weight" });
    const resumed = new Adam([copy]);
    await resumed.loadState(at("lookahead"));
    expect(resumed.paramGroups[0]?.lookahead).toEqual({ k: 2, alpha: 0.5 });
    run(optimizer, p, 2, 5);
    run(resumed, copy, 2, 5);
    expectSameBits(copy.data, p.data, "data");
  });

  it("sets the option of every group, and of those that are added later", () => {
    const inner = new SGD([{ params: fresh() }, { params: fresh(), lr: 0.5 }]);
    const optimizer = new Lookahead(inner, { k: 5 });
    optimizer.addParamGroup({ params: fresh() });
    expect(inner.paramGroups.map(({ lookahead }) => lookahead)).toEqual(Array(3).fill({ k: 5, alpha: 0.5 }));
    expect(optimizer.optimizer).toBe(inner);
    expect(optimizer.paramGroups).toBe(inner.paramGroups);
  });
});

describe("a Lookahead that is refused", () => {
  it("by a frozen group changes no other, and can be made once that group is gone", () => {
    const optimizer = new SGD([{ params: fresh() }, { params: fresh() }]);
    Object.freeze(optimizer.paramGroups[1]);
    expect(thrownBy(() => new Lookahead(optimizer))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(optimizer.paramGroups.map(({ lookahead }) => lookahead)).toEqual([null, null]);
    expect(optimizer.defaults).not.toHaveProperty("lookahead");
  });
});

describe("a dict", () => {
  it("of release 0.1.0, with Lookahead beside its groups, is taken", () => {
    const p = fresh();
    const optimizer = new SGD([p], { lr: 0.1, lookahead: { k: 2, alpha: 0.25 } });
    run(optimizer, p, 1, 3);
    const { param_groups, ...rest } = optimizer.stateDict();
    const old = {
      ...rest,
      lookahead: { k: 2, alpha: 0.25 },
      param_groups: param_groups.map(({ lookahead: _, ...group }) => group),
    };
    const copy = parameter(p.data.slice());
    const resumed = new SGD([copy]);
    resumed.loadStateDict(old);
    run(optimizer, p, 4, 8);
    run(resumed, copy, 4, 8);
    expectSameBits(copy.data, p.data, "data");
  });

  it("says of every group whether it has Lookahead, where one has it", () => {
    const make = (options: object) => new Lookahead(new SGD([{ params: fresh() }, { params: fresh() }], options));
    const saved = new SGD([{ params: fresh(), lookahead: { k: 2 } }, { params: fresh() }]).stateDict();
    expect(saved.param_groups.map(({ lookahead }) => lookahead)).toEqual([{ k: 2, alpha: 0.5 }, null]);
    const optimizer = make({});
    optimizer.loadStateDict(saved);
    expect(optimizer.paramGroups.map(({ lookahead }) => lookahead)).toEqual([{ k: 2, alpha: 0.5 }, null]);
  });

  it("of an optimizer whose slow weights have not begun has those that they begin with", () => {
    const p = fresh();
    const optimizer = new Adam([p]);
    run(optimizer, p, 1, 2);
    new Lookahead(optimizer, { k: 2 });
    const copy = parameter(p.data.slice());
    const resumed = new Adam([copy]);
    resumed.loadStateDict(optimizer.stateDict());
    run(optimizer, p, 3, 6);
    run(resumed, copy, 3, 6);
    expectSameBits(copy.data, p.data, "data");
    expectSameBits(
      resumed.state.get(copy)?.slow_buffer as Float32Array,
      optimizer.state.get(p)?.slow_buffer as Float32Array,
      "slow",
    );
  });

  it("with slow weights goes into no optimizer without Lookahead; without them into none that says it has it", () => {
    const p = fresh();
    const optimizer = new SGD([p], { lookahead: { k: 2 } });
    run(optimizer, p, 1, 1);
    const saved = optimizer.stateDict();
    const plain = { ...saved, param_groups: saved.param_groups.map((group) => ({ ...group, lookahead: null })) };
    expect(thrownBy(() => new SGD([fresh()]).loadStateDict(plain)).message).toMatch(
      /keeps no "slow_buffer" in its state without/,
    );
    const bare = { ...saved, state: { 0: { step: 1 } } };
    expect(thrownBy(() => new SGD([fresh()]).loadStateDict(bare)).message).toMatch(/its state has no slow_buffer/);
  });
});
