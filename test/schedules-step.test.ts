import {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  SWALR,
  WarmupDecayLR,
  type LRScheduler,
  type Scheduled,
} from "../lib";
import { groupOf, make } from "./helpers/schedules";
import { thrownBy } from "./helpers/snapshot";

describe("the step of a schedule", () => {
  const options = { step_size: 1, gamma: 0.5, total_steps: 9, max_lr: 1, T_max: 9, milestones: [2], lr_lambda: () => 1 };
  const pick = (...keys: (keyof typeof options)[]) => Object.fromEntries(keys.map((key) => [key, options[key]]));
  const rows: [
    string,
    (optimizer: Scheduled) => StepLR | ReduceLROnPlateau | SequentialLR | ChainedScheduler | LRScheduler,
    unknown[],
  ][] = [
    ["StepLR", (o) => new StepLR(o, pick("step_size") as never), [7]],
    ["MultiStepLR", (o) => new MultiStepLR(o, pick("milestones") as never), [0]],
    ["ExponentialLR", (o) => new ExponentialLR(o, pick("gamma") as never), [7]],
    ["CosineAnnealingLR", (o) => new CosineAnnealingLR(o, pick("T_max") as never), [{ epoch: 7 }]],
    ["LinearLR", (o) => new LinearLR(o), [7]],
    ["LambdaLR", (o) => new LambdaLR(o, pick("lr_lambda") as never), ["7"]],
    ["OneCycleLR", (o) => new OneCycleLR(o, pick("max_lr", "total_steps") as never), [7]],
    ["WarmupDecayLR", (o) => new WarmupDecayLR(o, pick("total_steps") as never), [7]],
    ["CosineAnnealingWarmRestarts", (o) => new CosineAnnealingWarmRestarts(o, { T_0: 3 }), [7]],
    ["CyclicLR", (o) => new CyclicLR(o, { base_lr: 0.1, max_lr: 0.2, step_size_up: 3 }), [7]],
    ["ConstantLR", (o) => new ConstantLR(o), [7]],
    ["PolynomialLR", (o) => new PolynomialLR(o), [7]],
    ["MultiplicativeLR", (o) => new MultiplicativeLR(o, { lr_lambda: () => 0.5 }), [7]],
    ["SWALR", (o) => new SWALR(o, { swa_lr: 0.05 }), [7]],
    ["ChainedScheduler", (o) => new ChainedScheduler(o, { schedulers: [new LinearLR(o)] }), [7]],
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
