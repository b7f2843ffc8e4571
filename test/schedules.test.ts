// Schedules: PyTorch's recorded values, their closed forms, and that they go on where they were.
import {
  AdaBelief,
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  WarmupDecayLR,
  parameter,
  type LRScheduler,
  type Scheduled,
  type ScheduledGroup,
  type ScheduleStateDict,
} from "../lib";
import { cos } from "../lib/schedules/cos";
import { Run, play, recordedSchedules, type Request } from "./helpers/schedules";
import { thrownBy } from "./helpers/snapshot";

const make = (...lrs: number[]) => new AdaBelief(lrs.map((lr) => ({ params: [parameter(new Float32Array(2))], lr })));
const groupOf = (optimizer: Scheduled, index = 0) => optimizer.paramGroups[index] as ScheduledGroup;
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("every lr and momentum is PyTorch's, as recorded", () => {
  it.each(recordedSchedules.map((one) => [one.name, one] as const))("%s", (_, { request, answer }) => {
    expect(answer.lr).toHaveLength(61);
    const { lr, momentum } = play(request, 60);
    expect(lr).toEqual(answer.lr);
    expect(momentum).toEqual(answer.momentum);
  });
});

describe("a state dict that PyTorch wrote is taken over", () => {
  it.each(recordedSchedules.map((one) => [one.name, one] as const))("%s", (_, { request, answer }) => {
    const run = new Run(request);
    run.setGroups(answer.lr[20] as number[], answer.momentum[20] as number[]);
    run.schedules.forEach((schedule, k) => schedule.loadStateDict(answer.saved[k] as ScheduleStateDict));
    for (run.epoch = 20; run.epoch < 60;) {
      run.step();
      expect(run.lr).toEqual(answer.lr[run.epoch]);
    }
  });
});

const warmup: Request = {
  optimizer: "adam",
  lrs: [0.1, 0.003],
  schedulers: [["WarmupDecayLR", { total_steps: 55, warmup_proportion: 0.3, min_lr: 1e-4 }]],
};

describe("a run that was saved and resumed is the run that went on", () => {
  const cases = [...recordedSchedules, { name: "WarmupDecayLR", request: warmup }];
  it.each(cases.map((one) => [one.name, one.request] as const))("%s", (_, request) => {
    const whole = play(request, 60);
    for (const epoch of [0, 1, 8, 20, 38, 53]) {
      const first = new Run(request);
      while (first.epoch < epoch) first.step();
      const saved = throughJson(first.schedules.map((schedule) => schedule.stateDict()));
      const second = new Run(request);
      second.setGroups(first.lr, first.momentum);
      second.schedules.forEach((schedule, k) => schedule.loadStateDict(saved[k] as ScheduleStateDict));
      expect(second.schedules.map((schedule) => schedule.stateDict())).toEqual(saved);
      expect(second.schedules.map((schedule) => schedule.getLastLr())).toEqual(first.schedules.map((one) => one.getLastLr()));
      second.epoch = epoch;
      while (second.epoch < 60) {
        second.step();
        expect([epoch, second.epoch, second.lr]).toEqual([epoch, second.epoch, whole.lr[second.epoch]]);
        expect(second.momentum).toEqual(whole.momentum[second.epoch]);
      }
    }
  });

  it("with an AdaBelief's own state dict, which keeps lr, initial_lr and betas", () => {
    const options = { max_lr: [0.1, 0.02], total_steps: 50 };
    const [one, two] = [make(1, 1), make(1, 1)];
    const [first, second] = [new OneCycleLR(one, options), new OneCycleLR(two, options)];
    for (let step = 0; step < 20; ++step) first.step();
    two.loadStateDict(one.stateDict());
    second.loadStateDict(throughJson(first.stateDict()));
    for (let step = 20; step < 50; ++step) {
      first.step();
      second.step();
      expect(two.paramGroups.map(({ lr, initial_lr, betas }) => [lr, initial_lr, betas])).toEqual(
        one.paramGroups.map(({ lr, initial_lr, betas }) => [lr, initial_lr, betas]),
      );
    }
  });
});

it("a group from PyTorch loads with what its OneCycleLR left there", () => {
  const optimizer = make(1);
  const dict = optimizer.stateDict();
  Object.assign(dict.param_groups[0] as object, { lr: 0.5, max_lr: 1, min_lr: 0, max_momentum: 0.95, base_momentum: 0.85 });
  optimizer.loadStateDict(dict);
  expect(groupOf(optimizer).lr).toBe(0.5);
  expect(groupOf(optimizer)).not.toHaveProperty("max_lr");
});

describe("the closed forms", () => {
  const follow = (schedule: LRScheduler, epochs: number): number[] => {
    const lrs = schedule.getLastLr();
    for (let epoch = 1; epoch <= epochs; ++epoch) {
      schedule.step();
      expect(schedule.last_epoch).toBe(epoch);
      lrs.push(...schedule.getLastLr());
    }
    return lrs;
  };
  const start = 0.3;
  const forms: [string, (optimizer: Scheduled) => LRScheduler, (epoch: number) => number][] = [
    ["StepLR", (o) => new StepLR(o, { step_size: 30, gamma: 0.5 }), (e) => start * 0.5 ** Math.floor(e / 30)],
    [
      "MultiStepLR",
      (o) => new MultiStepLR(o, { milestones: [80, 30], gamma: 0.5 }),
      (e) => start * 0.5 ** (Number(e >= 30) + Number(e >= 80)),
    ],
    ["ExponentialLR", (o) => new ExponentialLR(o, { gamma: 0.99 }), (e) => start * 0.99 ** e],
    [
      "LinearLR",
      (o) => new LinearLR(o, { start_factor: 0.25, end_factor: 0.5, total_iters: 40 }),
      (e) => start * (0.25 + (0.25 * Math.min(e, 40)) / 40),
    ],
    [
      "CosineAnnealingLR",
      (o) => new CosineAnnealingLR(o, { T_max: 60, eta_min: 0.01 }),
      (e) => 0.01 + ((start - 0.01) * (1 + Math.cos((Math.PI * e) / 60))) / 2,
    ],
    ["LambdaLR", (o) => new LambdaLR(o, { lr_lambda: (e) => 1 / (1 + e) }), (e) => start / (1 + e)],
    [
      "WarmupDecayLR",
      (o) => new WarmupDecayLR(o, { total_steps: 100, warmup_proportion: 0.25, min_lr: 0.03 }),
      (e) => (e + 1 <= 25 ? (start * (e + 1)) / 25 : start + ((0.03 - start) * Math.min(e + 1 - 25, 75)) / 75),
    ],
  ];
  it.each(forms)("%s", (_, schedule, closed) => {
    follow(schedule(make(start)), 150).forEach((lr, epoch) => {
      expect([epoch, Math.abs(lr - closed(epoch)) <= 1e-12]).toEqual([epoch, true]);
    });
  });

  it("WarmupDecayLR without a warm-up falls from the first step on", () => {
    const lrs = follow(new WarmupDecayLR(make(1), { total_steps: 4, warmup_proportion: 0 }), 5);
    expect(lrs).toEqual([0.75, 0.5, 0.25, 0, 0, 0]);
  });

  it("OneCycleLR peaks where it should, with momentum against it", () => {
    const optimizer = make(1);
    const schedule = new OneCycleLR(optimizer, { max_lr: 0.5, total_steps: 101, pct_start: 0.2574257425742574 });
    expect(groupOf(optimizer)).toMatchObject({ initial_lr: 0.02, betas: [0.95, 0.999] });
    const lrs = follow(schedule, 100);
    expect(lrs[0]).toBeCloseTo(0.02, 15);
    expect(lrs.indexOf(Math.max(...lrs))).toBe(25);
    expect(lrs[25]).toBe(0.5);
    expect(lrs[100]).toBe(0.02 / 1e4);
    expect(groupOf(optimizer).betas?.[0]).toBe(0.95);
  });
});

describe("cos is rounded once", () => {
  it.each([
    [0, 1],
    [1, 0.5403023058681398],
    [Math.PI / 2, 6.123233995736766e-17],
    [Math.PI, -1],
    [-2, -0.4161468365471424],
    [1e-300, 1],
    [100000, -0.9993608074382124],
  ])("cos(%f)", (x, wanted) => expect(cos(x)).toBe(wanted));
  it("and so within a unit in the last place of Math.cos", () => {
    for (let k = 0; k < 2000; ++k) {
      const x = (k * Math.PI) / 321;
      const [ours, theirs] = [cos(x), Math.cos(x)];
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(ours))) - 52);
      expect([x, Math.abs(ours - theirs) <= unit]).toEqual([x, true]);
    }
  });
});

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

describe("invalid input is refused and changes nothing", () => {
  const scheduler = (o: Scheduled) => new StepLR(o, { step_size: 1 });
  const cases: [string, (o: AdaBelief) => unknown, string, RegExp][] = [
    ["no optimizer", () => new StepLR({} as Scheduled, { step_size: 1 }), "ERR_OPTIMIZER", /is not an optimizer/],
    ["null", () => new ReduceLROnPlateau(null as never), "ERR_OPTIMIZER", /null is not an optimizer/],
    ["groups instead", (o) => new LinearLR(o.paramGroups as never), "ERR_OPTIMIZER", /an array of 2 is not an optimizer/],
    [
      "a group without lr",
      () => new LinearLR({ paramGroups: [{}] } as never),
      "ERR_OPTIMIZER",
      /lr and initial_lr of param group 0/,
    ],
    [
      "an initial_lr that is no number",
      () => new LinearLR({ paramGroups: [{ lr: 1, initial_lr: "1" }] } as never),
      "ERR_OPTIMIZER",
      /got 1 and "1"/,
    ],
    ["an unknown option", (o) => new StepLR(o, { stepSize: 3 } as never), "ERR_UNKNOWN_OPTION", /did you mean "step_size"/],
    ["verbose", (o) => new LinearLR(o, { verbose: true } as never), "ERR_UNKNOWN_OPTION", /"verbose"/],
    ["a number for options", (o) => new StepLR(o, 30 as never), "ERR_INVALID_OPTION", /must be an object, got 30/],
    ["no step_size", (o) => new StepLR(o, {} as never), "ERR_INVALID_OPTION", /StepLR needs step_size/],
    ["a step_size of 0", (o) => new StepLR(o, { step_size: 0 }), "ERR_INVALID_OPTION", /step_size must be a whole number from 1/],
    ["a string", (o) => new StepLR(o, { step_size: "3" as never }), "ERR_INVALID_OPTION", /must be a number, got "3"/],
    ["gamma below 0", (o) => new ExponentialLR(o, { gamma: -1 }), "ERR_INVALID_OPTION", /gamma must be a finite number from 0/],
    ["half a milestone", (o) => new MultiStepLR(o, { milestones: [1, 2.5] }), "ERR_INVALID_OPTION", /milestones\[1\]/],
    [
      "a start of 0",
      (o) => new LinearLR(o, { start_factor: 0 }),
      "ERR_INVALID_OPTION",
      /Starting multiplicative factor expected/,
    ],
    ["an end of 2", (o) => new LinearLR(o, { end_factor: 2 }), "ERR_INVALID_OPTION", /Ending multiplicative factor expected/],
    ["no T_max", (o) => new CosineAnnealingLR(o, {} as never), "ERR_INVALID_OPTION", /CosineAnnealingLR needs T_max/],
    [
      "too few lambdas",
      (o) => new LambdaLR(o, { lr_lambda: [() => 1] }),
      "ERR_INVALID_OPTION",
      /Expected 2 lr_lambdas, but got 1/,
    ],
    [
      "a lambda's string",
      (o) => new LambdaLR(o, { lr_lambda: () => "1" as never }),
      "ERR_INVALID_OPTION",
      /must return a number/,
    ],
    ["a cycle without end", (o) => new OneCycleLR(o, { max_lr: 1 }), "ERR_INVALID_OPTION", /You must define either total_steps/],
    [
      "a cycle of 0 steps",
      (o) => new OneCycleLR(o, { max_lr: 1, total_steps: 0 }),
      "ERR_INVALID_OPTION",
      /Expected positive integer total_steps, but got 0/,
    ],
    [
      "a pct_start of 2",
      (o) => new OneCycleLR(o, { max_lr: 1, total_steps: 9, pct_start: 2 }),
      "ERR_INVALID_OPTION",
      /Expected float between 0 and 1 pct_start, but got 2/,
    ],
    [
      "three max_lr",
      (o) => new OneCycleLR(o, { max_lr: [1, 2, 3], total_steps: 9 }),
      "ERR_INVALID_OPTION",
      /expected 2 values for max_lr, got 3/,
    ],
    [
      "a momentum of 1",
      (o) => new OneCycleLR(o, { max_lr: 1, total_steps: 9, max_momentum: 1 }),
      "ERR_INVALID_OPTION",
      /max_momentum must be a number in \[0, 1\)/,
    ],
    [
      "a phase of no step",
      (o) => new OneCycleLR(o, { max_lr: 1, total_steps: 10, pct_start: 0.1 }),
      "ERR_SCHEDULE",
      /ends where it starts/,
    ],
    [
      "no momentum to cycle",
      () => new OneCycleLR({ paramGroups: [{ lr: 1 }] }, { max_lr: 1, total_steps: 9 }),
      "ERR_INVALID_OPTION",
      /must support momentum/,
    ],
    ["a factor of 1", (o) => new ReduceLROnPlateau(o, { factor: 1 }), "ERR_INVALID_OPTION", /Factor should be < 1.0/],
    ["a mode", (o) => new ReduceLROnPlateau(o, { mode: "low" as never }), "ERR_INVALID_OPTION", /mode low is unknown!/],
    ["three min_lr", (o) => new ReduceLROnPlateau(o, { min_lr: [1, 2, 3] }), "ERR_INVALID_OPTION", /expected 2 min_lrs, got 3/],
    ["no metric", (o) => new ReduceLROnPlateau(o).step(undefined as never), "ERR_INVALID_OPTION", /metric must be a number/],
    [
      "a schedule of another optimizer",
      (o) => new SequentialLR(o, { schedulers: [scheduler(make(1))], milestones: [] }),
      "ERR_INVALID_OPTION",
      /to be different than the optimizer/,
    ],
    [
      "too few milestones",
      (o) => new SequentialLR(o, { schedulers: [scheduler(o), scheduler(o)], milestones: [] }),
      "ERR_INVALID_OPTION",
      /got number of schedulers 2 and the number of milestones to be equal to 0/,
    ],
    [
      "descending milestones",
      (o) => new SequentialLR(o, { schedulers: [scheduler(o), scheduler(o), scheduler(o)], milestones: [5, 4] }),
      "ERR_INVALID_OPTION",
      /milestones must ascend, got \[5, 4\]/,
    ],
    [
      "a ReduceLROnPlateau in turn",
      (o) => new SequentialLR(o, { schedulers: [new ReduceLROnPlateau(o) as never], milestones: [] }),
      "ERR_INVALID_OPTION",
      /schedulers\[0\] must be a schedule over epochs/,
    ],
    [
      "a resumed optimizer without initial_lr",
      (o) => new StepLR(o, { step_size: 1, last_epoch: 3 }),
      "ERR_SCHEDULE",
      /when resuming/,
    ],
  ];
  it.each(cases)("%s", (_, act, code, message) => {
    const optimizer = make(0.5, 0.25);
    const error = thrownBy(() => act(optimizer));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(optimizer.paramGroups.map(({ lr, betas }) => [lr, betas])).toEqual([
      [0.5, [0.9, 0.999]],
      [0.25, [0.9, 0.999]],
    ]);
    if (!/schedule|milestones/.test(_)) expect(groupOf(optimizer)).not.toHaveProperty("initial_lr");
  });

  it("a step past the end of a cycle", () => {
    const optimizer = make(1);
    const schedule = new OneCycleLR(optimizer, { max_lr: 1, total_steps: 3 });
    for (let step = 1; step <= 3; ++step) schedule.step();
    const before = [schedule.stateDict(), { ...groupOf(optimizer) }];
    const error = thrownBy(() => schedule.step());
    expect(error).toMatchObject({ code: "ERR_SCHEDULE", message: expect.stringContaining("Tried to step 5 times") as string });
    expect([schedule.stateDict(), { ...groupOf(optimizer) }]).toEqual(before);
  });

  it("a function that throws in one group", () => {
    const optimizer = make(1, 1);
    const fail = (epoch: number) => {
      if (epoch === 2) throw new Error("no");
      return 0.5;
    };
    const schedule = new LambdaLR(optimizer, { lr_lambda: [() => 0.25, fail] });
    schedule.step();
    const before = schedule.stateDict();
    groupOf(optimizer).lr = 7;
    expect(thrownBy(() => schedule.step()).message).toBe("no");
    expect([schedule.stateDict(), groupOf(optimizer).lr]).toEqual([before, 7]);
  });

  it("a group that is frozen", () => {
    const optimizer = { paramGroups: [{ lr: 1 }, Object.freeze({ lr: 1, initial_lr: 1 })] };
    const error = thrownBy(() => new LinearLR(optimizer));
    expect(error).toMatchObject({ code: "ERR_OPTIMIZER", message: expect.stringContaining("param group 1") as string });
    expect(optimizer.paramGroups).toEqual([{ lr: 1 }, { lr: 1, initial_lr: 1 }]);
  });

  it("an optimizer that was disposed", () => {
    const optimizer = make(1);
    const schedule = new StepLR(optimizer, { step_size: 1 });
    optimizer.dispose();
    expect(thrownBy(() => schedule.step())).toMatchObject({ code: "ERR_OPTIMIZER" });
  });

  const states: [string, (saved: Record<string, unknown>) => unknown][] = [
    ["of another schedule", () => new ExponentialLR(make(1, 1), { gamma: 0.5 }).stateDict()],
    ["that is null", () => null],
    ["that is an array", () => []],
    ["without last_epoch", ({ last_epoch: _, ...rest }) => rest],
    ["with a last_epoch that is no epoch", (saved) => ({ ...saved, last_epoch: -7 })],
    ["with a key too many", (saved) => ({ ...saved, T_max: 3 })],
    ["for another number of groups", () => new StepLR(make(1), { step_size: 1 }).stateDict()],
    ["with lrs that JSON lost", (saved) => ({ ...saved, base_lrs: [null, null] })],
    ["with an option out of range", (saved) => ({ ...saved, step_size: 0 })],
  ];
  it.each(states)("a state dict %s", (_, spoil) => {
    const schedule = new StepLR(make(1, 2), { step_size: 3 });
    schedule.step();
    const before = schedule.stateDict();
    const error = thrownBy(() => schedule.loadStateDict(spoil(schedule.stateDict()) as ScheduleStateDict));
    expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(schedule.stateDict()).toEqual(before);
  });

  it("a state dict of a SequentialLR with one bad part", () => {
    const optimizer = make(1);
    const schedulers = [new LinearLR(optimizer), new StepLR(optimizer, { step_size: 3 })];
    const schedule = new SequentialLR(optimizer, { schedulers, milestones: [4] });
    const before = schedule.stateDict();
    const spoilt: ScheduleStateDict = { ...throughJson(before), last_epoch: 3 };
    (spoilt["_schedulers"] as ScheduleStateDict[])[1] = { last_epoch: 0 };
    expect(thrownBy(() => schedule.loadStateDict(spoilt))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(thrownBy(() => schedule.loadStateDict({ ...before, _schedulers: [] }))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(schedule.stateDict()).toEqual(before);
  });
});

describe("the step of a schedule", () => {
  const options = { step_size: 1, gamma: 0.5, total_steps: 9, max_lr: 1, T_max: 9, milestones: [2], lr_lambda: () => 1 };
  const pick = (...keys: (keyof typeof options)[]) => Object.fromEntries(keys.map((key) => [key, options[key]]));
  const rows: [string, (optimizer: Scheduled) => StepLR | ReduceLROnPlateau | SequentialLR | LRScheduler, unknown[]][] = [
    ["StepLR", (o) => new StepLR(o, pick("step_size") as never), [7]],
    ["MultiStepLR", (o) => new MultiStepLR(o, pick("milestones") as never), [0]],
    ["ExponentialLR", (o) => new ExponentialLR(o, pick("gamma") as never), [7]],
    ["CosineAnnealingLR", (o) => new CosineAnnealingLR(o, pick("T_max") as never), [{ epoch: 7 }]],
    ["LinearLR", (o) => new LinearLR(o), [7]],
    ["LambdaLR", (o) => new LambdaLR(o, pick("lr_lambda") as never), ["7"]],
    ["OneCycleLR", (o) => new OneCycleLR(o, pick("max_lr", "total_steps") as never), [7]],
    ["WarmupDecayLR", (o) => new WarmupDecayLR(o, pick("total_steps") as never), [7]],
    ["SequentialLR", (o) => new SequentialLR(o, { schedulers: [new LinearLR(o)], milestones: [] }), [7]],
    ["ReduceLROnPlateau", (o) => new ReduceLROnPlateau(o), [0.5, 7]],
  ];
  it.each(rows)("of %s takes no epoch, and changes nothing where one is given", (_, schedule1, args) => {
    const optimizer = one();
    const schedule = schedule1(optimizer);
    const step = (...all: unknown[]): unknown => Reflect.apply(Reflect.get(schedule, "step") as () => void, schedule, all);
    const before = [schedule.stateDict(), groupOf(optimizer).lr];
    const error = thrownBy(() => step(...args));
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(error.message).toMatch(/last_epoch/);
    expect([schedule.stateDict(), groupOf(optimizer).lr]).toEqual(before);
    step(...args.slice(0, -1), undefined);
    expect(schedule.last_epoch).toBe(1);
  });
  const one = () => make(0.1);
});

describe("many groups", () => {
  it.each<[string, (optimizer: Scheduled) => LRScheduler]>([
    ["CosineAnnealingLR", (o) => new CosineAnnealingLR(o, { T_max: 7, eta_min: 1e-3 })],
    ["OneCycleLR", (o) => new OneCycleLR(o, { max_lr: [0.3, 0.7, 0.3, 0.5], total_steps: 40, three_phase: true })],
  ])("have under %s the bits that each has alone", (_, make4) => {
    const lrs = [0.1, 0.2, 0.1, 0.4];
    const together = make(...lrs);
    const schedule = make4(together);
    const alone = lrs.map((lr, k) => {
      const optimizer = make(...lrs.map(() => lr));
      return { optimizer, schedule: make4(optimizer), k };
    });
    for (let step = 0; step < 30; ++step) {
      const lrOf = (optimizer: Scheduled, k: number) => [groupOf(optimizer, k).lr, groupOf(optimizer, k).betas];
      expect(lrs.map((_, k) => lrOf(together, k))).toEqual(alone.map(({ optimizer, k }) => lrOf(optimizer, k)));
      schedule.step();
      for (const one of alone) one.schedule.step();
    }
  });
});
