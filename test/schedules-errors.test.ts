// Schedules: what they refuse.
import {
  AdaBelief,
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  MultiplicativeLR,
  PolynomialLR,
  SWALR,
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  type Scheduled,
  type ScheduleStateDict,
} from "../lib";
import { groupOf, make, throughJson } from "./helpers/schedules";
import { thrownBy } from "./helpers/snapshot";

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
  const later: typeof cases = [
    [
      "a T_0 of 0",
      (o) => new CosineAnnealingWarmRestarts(o, { T_0: 0 }),
      "ERR_INVALID_OPTION",
      /positive integer T_0, but got 0/,
    ],
    [
      "half a T_mult",
      (o) => new CosineAnnealingWarmRestarts(o, { T_0: 1, T_mult: 1.5 }),
      "ERR_INVALID_OPTION",
      /Expected integer T_mult >= 1, but got 1.5/,
    ],
    ["a factor of 0", (o) => new ConstantLR(o, { factor: 0 }), "ERR_INVALID_OPTION", /Constant multiplicative factor .* got 0/],
    ["no total_iters", (o) => new ConstantLR(o, { total_iters: 0 }), "ERR_INVALID_OPTION", /total_iters must be a whole number/],
    ["a power below 0", (o) => new PolynomialLR(o, { power: -1 }), "ERR_INVALID_OPTION", /power must be a finite number from 0/],
    ["an infinite power", (o) => new PolynomialLR(o, { power: Infinity }), "ERR_INVALID_OPTION", /power must be a finite number/],
    ["no function", (o) => new MultiplicativeLR(o, {} as never), "ERR_INVALID_OPTION", /MultiplicativeLR needs lr_lambda/],
    [
      "a number for a function",
      (o) => new MultiplicativeLR(o, { lr_lambda: [0.5, 0.5] as never }),
      "ERR_INVALID_OPTION",
      /lr_lambda\[0\] must be a function of the epoch, got 0.5/,
    ],
    [
      "a function that returns nothing",
      (o) => {
        const schedule = new MultiplicativeLR(o, { lr_lambda: (() => undefined) as never });
        schedule.step();
      },
      "ERR_INVALID_OPTION",
      /lr_lambda must return a number, got undefined in epoch 1/,
    ],
    [
      "three base_lr",
      (o) => new CyclicLR(o, { base_lr: [1, 2, 3], max_lr: 1 }),
      "ERR_INVALID_OPTION",
      /expected 2 values for base_lr, got 3/,
    ],
    [
      "a cycle of no length",
      (o) => new CyclicLR(o, { base_lr: 0, max_lr: 1, step_size_up: 0 }),
      "ERR_INVALID_OPTION",
      /step_size_up/,
    ],
    ["no max_lr", (o) => new CyclicLR(o, { base_lr: 0 } as never), "ERR_INVALID_OPTION", /CyclicLR needs max_lr/],
    [
      "a mode of cycles",
      (o) => new CyclicLR(o, { base_lr: 0, max_lr: 1, mode: "square" as never }),
      "ERR_INVALID_OPTION",
      /mode is invalid and scale_fn is None: square/,
    ],
    [
      "a scale_fn that returns a string",
      (o) => new CyclicLR(o, { base_lr: 0, max_lr: 1, scale_fn: () => "1" as never }),
      "ERR_INVALID_OPTION",
      /scale_fn must return a number, got "1"/,
    ],
    [
      "betas that are no list, for CyclicLR",
      () => new CyclicLR({ paramGroups: [{ lr: 1, betas: 5 as never }] }, { base_lr: 0, max_lr: 1 }),
      "ERR_INVALID_OPTION",
      /must support momentum/,
    ],
    [
      "no momentum for CyclicLR",
      () => new CyclicLR({ paramGroups: [{ lr: 1 }] }, { base_lr: 0, max_lr: 1 }),
      "ERR_INVALID_OPTION",
      /must support momentum/,
    ],
    ["no swa_lr", (o) => new SWALR(o, {} as never), "ERR_INVALID_OPTION", /SWALR needs swa_lr/],
    [
      "one swa_lr for two groups",
      (o) => new SWALR(o, { swa_lr: [1] }),
      "ERR_INVALID_OPTION",
      /swa_lr has 1, optimizer.param_groups has 2/,
    ],
    [
      "half an epoch",
      (o) => new SWALR(o, { swa_lr: 1, anneal_epochs: 0.5 }),
      "ERR_INVALID_OPTION",
      /equal or greater than 0, got 0.5/,
    ],
    ["a strategy", (o) => new SWALR(o, { swa_lr: 1, anneal_strategy: "exp" as never }), "ERR_INVALID_OPTION", /instead got exp/],
    ["a chain of nothing", (o) => new ChainedScheduler(o, { schedulers: [] }), "ERR_INVALID_OPTION", /an array of schedules/],
    [
      "a chain with a ReduceLROnPlateau, which is a schedule with a metric",
      (o) => new ChainedScheduler(o, { schedulers: [new ReduceLROnPlateau(o) as never] }),
      "ERR_INVALID_OPTION",
      /schedulers\[0\] must be a schedule over epochs/,
    ],
    [
      "a chain with a schedule of another optimizer",
      (o) => new ChainedScheduler(o, { schedulers: [scheduler(make(1))] }),
      "ERR_INVALID_OPTION",
      /ChainedScheduler expects all schedulers to belong to the same optimizer/,
    ],
    [
      "a chain in a sequence of schedules",
      (o) =>
        new SequentialLR(o, { schedulers: [new ChainedScheduler(o, { schedulers: [scheduler(o)] }) as never], milestones: [] }),
      "ERR_INVALID_OPTION",
      /schedulers\[0\] must be a schedule over epochs/,
    ],
    [
      "a sequence of schedules with half a last_epoch",
      (o) => new SequentialLR(o, { schedulers: [scheduler(o)], milestones: [], last_epoch: 0.5 }),
      "ERR_INVALID_OPTION",
      /last_epoch must be a whole number from -1/,
    ],
  ];
  it.each([...cases, ...later])("%s", (_, act, code, message) => {
    const optimizer = make(0.5, 0.25);
    const error = thrownBy(() => act(optimizer));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(optimizer.paramGroups.map(({ lr, betas }) => [lr, betas])).toEqual([
      [0.5, [0.9, 0.999]],
      [0.25, [0.9, 0.999]],
    ]);
    if (!/schedule|milestones|that returns nothing/.test(_)) expect(groupOf(optimizer)).not.toHaveProperty("initial_lr");
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

  it("a step of a chain in which one part throws", () => {
    const optimizer = make(1, 1);
    const fail = () => {
      throw new Error("no");
    };
    const parts = [
      new CyclicLR(optimizer, { base_lr: 0.5, max_lr: 1, step_size_up: 2 }),
      new CosineAnnealingWarmRestarts(optimizer, { T_0: 2 }),
      new SequentialLR(optimizer, { schedulers: [scheduler(optimizer), scheduler(optimizer)], milestones: [1] }),
      new MultiplicativeLR(optimizer, { lr_lambda: fail }),
    ];
    const chain = new ChainedScheduler(optimizer, { schedulers: parts });
    const facts = () => [chain.stateDict(), optimizer.paramGroups.map(({ lr, betas }) => ({ lr, betas }))];
    const before = facts();
    expect(thrownBy(() => chain.step()).message).toBe("no");
    expect(facts()).toEqual(before);
  });

  it("a SequentialLR whose first schedule throws", () => {
    const optimizer = make(0.1, 0.2);
    let fails = false;
    const lr_lambda = (epoch: number) => {
      if (fails) throw new RangeError("no lr");
      return 1 / (epoch + 1);
    };
    const first = new LambdaLR(optimizer, { lr_lambda });
    const second = new StepLR(optimizer, { step_size: 1 });
    first.step();
    const before = { lrs: optimizer.paramGroups.map(({ lr }) => lr), first: first.stateDict(), second: second.stateDict() };
    expect(before.lrs).toEqual([0.05, 0.1]);
    fails = true;
    expect(() => new SequentialLR(optimizer, { schedulers: [first, second], milestones: [2] })).toThrow("no lr");
    expect({ lrs: optimizer.paramGroups.map(({ lr }) => lr), first: first.stateDict(), second: second.stateDict() }).toEqual(
      before,
    );
  });

  it("a restart whose epoch cannot be written", () => {
    const optimizer = { paramGroups: [{ lr: 1 }] };
    const schedule = new CosineAnnealingWarmRestarts(optimizer, { T_0: 1, T_mult: 2 });
    Object.freeze(optimizer.paramGroups[0]);
    const before = schedule.stateDict();
    expect(thrownBy(() => schedule.step())).toMatchObject({ code: "ERR_OPTIMIZER" });
    expect(schedule.stateDict()).toEqual(before);
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

  it("a state dict of a chain with one bad part, or without parts", () => {
    const optimizer = make(1);
    const chain = new ChainedScheduler(optimizer, { schedulers: [new ConstantLR(optimizer), new PolynomialLR(optimizer)] });
    const before = chain.stateDict();
    const spoilt: ScheduleStateDict = { ...throughJson(before), last_epoch: 3 };
    (spoilt["_schedulers"] as ScheduleStateDict[])[1] = { last_epoch: 0 };
    for (const bad of [spoilt, { ...before, _schedulers: [] }, { ...before, _schedulers: null }, { _last_lr: [1] }]) {
      expect(thrownBy(() => chain.loadStateDict(bad as ScheduleStateDict))).toMatchObject({ code: "ERR_STATE_DICT" });
      expect(chain.stateDict()).toEqual(before);
    }
  });

  it("state dicts with values out of range", () => {
    const optimizer = make(1);
    const bad: [{ stateDict(): ScheduleStateDict; loadStateDict(saved: ScheduleStateDict): void }, object][] = [
      [new CosineAnnealingWarmRestarts(optimizer, { T_0: 3 }), { T_cur: -1 }],
      [new CosineAnnealingWarmRestarts(optimizer, { T_0: 3 }), { T_i: 0 }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { total_size: 0 }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { step_ratio: 1 }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { max_lrs: [1, 2] }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { _scale_fn_custom: "x" }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { base_momentums: [5] }],
      [new CyclicLR(optimizer, { base_lr: 0, max_lr: 1 }), { max_momentums: [-3] }],
      [new OneCycleLR(optimizer, { max_lr: 1, total_steps: 9 }), { max_momentums: ["NaN"] }],
      [new OneCycleLR(optimizer, { max_lr: 1, total_steps: 9 }), { base_momentums: [1] }],
      [new MultiplicativeLR(optimizer, { lr_lambda: () => 1 }), { lr_lambdas: [{}] }],
      [new ConstantLR(optimizer), { factor: 2 }],
      [new PolynomialLR(optimizer), { power: "1" }],
      [new SWALR(optimizer, { swa_lr: 1 }), { swa_lrs: [] }],
    ];
    for (const [schedule, change] of bad) {
      const before = schedule.stateDict();
      expect(thrownBy(() => schedule.loadStateDict({ ...before, ...change }))).toMatchObject({ code: "ERR_STATE_DICT" });
      expect(schedule.stateDict()).toEqual(before);
    }
  });
});
