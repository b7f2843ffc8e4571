// Schedules: the groups that they change.
import {
  AdaBelief,
  CyclicLR,
  MultiplicativeLR,
  SWALR,
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  OneCycleLR,
  ReduceLROnPlateau,
  StepLR,
  parameter,
} from "../lib";
import { groupOf, make, throughJson } from "./helpers/schedules";
import { thrownBy } from "./helpers/snapshot";

describe("groups", () => {
  it("get initial_lr from the first schedule, and the next ones keep it", () => {
    const optimizer = make(0.5, 0.25);
    new LinearLR(optimizer, { start_factor: 0.5 });
    expect(optimizer.paramGroups.map(({ lr, initial_lr }) => [lr, initial_lr])).toEqual([
      [0.25, 0.5],
      [0.125, 0.25],
    ]);
    new LambdaLR(optimizer, { lr_lambda: () => 3 });
    expect(optimizer.paramGroups.map(({ lr, initial_lr }) => [lr, initial_lr])).toEqual([
      [1.5, 0.5],
      [0.75, 0.25],
    ]);
  });

  it("are those of the optimizer: its next step uses the new lr", () => {
    const p = parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
    const optimizer = new AdaBelief([p], { lr: 0.5 });
    const schedule = new StepLR(optimizer, { step_size: 1, gamma: 0 });
    schedule.step();
    optimizer.step();
    expect(p.data[0]).toBe(1);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ lr: 0, initial_lr: 0.5 });
  });

  it("are changed by hand and scheduled on from there", () => {
    const optimizer = make(1);
    const schedule = new ExponentialLR(optimizer, { gamma: 0.5 });
    groupOf(optimizer).lr = 8;
    schedule.step();
    expect(schedule.getLastLr()).toEqual([4]);
  });

  it("that are added later start from their own lr", () => {
    const optimizer = make(1);
    const schedule = new CosineAnnealingLR(optimizer, { T_max: 2 });
    const cycled = make(1);
    const cycle = new OneCycleLR(cycled, { max_lr: 1, total_steps: 9 });
    schedule.step();
    optimizer.addParamGroup({ params: [parameter(new Float32Array(1))], lr: 0.25 });
    schedule.step();
    expect(schedule.getLastLr()).toHaveLength(2);
    expect(groupOf(optimizer, 1)).toMatchObject({ lr: 0, initial_lr: 0.25 });
    cycled.addParamGroup({ params: [parameter(new Float32Array(1))] });
    expect(thrownBy(() => cycle.step())).toMatchObject({ code: "ERR_SCHEDULE" });
  });

  it("that are added later keep their lr where a schedule has functions, and are refused where it has bounds for each", () => {
    const optimizer = make(1);
    const multiplicative = new MultiplicativeLR(optimizer, { lr_lambda: () => 0.5 });
    const bounded = [
      new CyclicLR(optimizer, { base_lr: 1, max_lr: 1, cycle_momentum: false }),
      new SWALR(optimizer, { swa_lr: 1 }),
    ];
    optimizer.addParamGroup({ params: [parameter(new Float32Array(1))], lr: 0.25 });
    multiplicative.step();
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.5, 0.25]);
    for (const schedule of bounded) expect(thrownBy(() => schedule.step())).toMatchObject({ code: "ERR_SCHEDULE" });
  });

  it("belong to anything that has them, such as a class around an optimizer", () => {
    const inner = make(1);
    const outer = {
      get paramGroups() {
        return inner.paramGroups.slice();
      },
    };
    new StepLR(outer, { step_size: 1, gamma: 0.5 }).step();
    expect(groupOf(inner)).toMatchObject({ lr: 0.5, initial_lr: 1 });
  });

  it("get betas of their own from OneCycleLR", () => {
    const betas = [0.5, 0.75];
    const optimizer = { paramGroups: [{ lr: 1, betas: betas as readonly number[] }] };
    new OneCycleLR(optimizer, { max_lr: 1, total_steps: 10 });
    expect(betas).toEqual([0.5, 0.75]);
    expect(optimizer.paramGroups[0]?.betas).toEqual([0.95, 0.75]);
  });

  it.each<[string, (o: AdaBelief) => { step(): void }]>([
    ["OneCycleLR", (o) => new OneCycleLR(o, { max_lr: 1, total_steps: 10 })],
    ["CyclicLR", (o) => new CyclicLR(o, { base_lr: 0.1, max_lr: 1, step_size_up: 4 })],
  ])("get new betas in every step of %s, whether or not somebody looks at them", (_, schedule) => {
    const betasOf = (looks: boolean) => {
      const p = parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
      const optimizer = new AdaBelief([p], { betas: [0.5, 0.75] });
      const group = groupOf(optimizer) as { betas: readonly number[] };
      const one = schedule(optimizer);
      const held: (readonly number[])[] = [];
      for (let k = 0; k < 4; ++k) {
        if (looks) held.push(group.betas);
        optimizer.step();
        one.step();
      }
      expect(new Set(held).size).toBe(held.length);
      const firsts = held.map(([first]) => first);
      expect(new Set(firsts).size).toBe(firsts.length); // what is held does not change
      expect(held.every(([, second]) => second === 0.75)).toBe(true);
      return [...group.betas, p.data[0]];
    };
    expect(betasOf(true)).toEqual(betasOf(false));
  });

  it("may have betas that are changed in place between a schedule and a step", () => {
    const p = parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
    const optimizer = new AdaBelief([p]);
    const cycle = new OneCycleLR(optimizer, { max_lr: 1, total_steps: 10 });
    const group = groupOf(optimizer) as unknown as { betas: number[] };
    group.betas[1] = 0.5;
    cycle.step();
    const first = group.betas[0];
    expect(group.betas).toEqual([first, 0.5]);
    group.betas[0] = 0.25;
    optimizer.step();
    expect([...(optimizer.state.get(p)?.exp_avg ?? [])]).toEqual([0.75]);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ betas: [0.25, 0.5] });
  });

  it("whose betas are assigned after a schedule keep what was assigned", () => {
    const optimizer = new AdaBelief([parameter(new Float32Array(1))]);
    new OneCycleLR(optimizer, { max_lr: 1, total_steps: 10 }).step();
    const group = groupOf(optimizer) as { betas: readonly number[] };
    group.betas = [0.125, 0.25];
    optimizer.step();
    expect(group.betas).toEqual([0.125, 0.25]);
  });

  it("may be written while a step is under way on another thread", async () => {
    const optimizer = new AdaBelief([parameter(new Float32Array(1000), { grad: new Float32Array(1000).fill(1) })], { lr: 1 });
    const schedule = new StepLR(optimizer, { step_size: 1 });
    const step = optimizer.stepAsync();
    schedule.step();
    expect(await step).toMatchObject({ updated: 1 });
    expect(groupOf(optimizer).lr).toBe(0.1);
  });
});

describe("ReduceLROnPlateau", () => {
  it("counts NaN and infinity as no better", () => {
    const schedule = new ReduceLROnPlateau(make(1), { patience: 1 });
    for (const metric of [Number.NaN, Infinity, 1]) schedule.step(metric);
    expect(schedule.getLastLr()).toEqual([0.1]);
  });
  it("saves a best that is infinite", () => {
    const schedule = new ReduceLROnPlateau(make(1), { patience: 0 });
    expect(schedule.stateDict()).toMatchObject({ best: "Infinity" });
    schedule.step(-Infinity);
    const other = new ReduceLROnPlateau(make(1), { patience: 0 });
    other.loadStateDict(throughJson(schedule.stateDict()));
    other.step(-1e300);
    expect(other.getLastLr()).toEqual([0.1]);
  });
  it("leaves out reductions that are too small to matter", () => {
    const schedule = new ReduceLROnPlateau(make(1e-8), { patience: 0 });
    schedule.step(1);
    schedule.step(1);
    expect(schedule.getLastLr()).toEqual([1e-8]);
  });
});
