// Schedules: their closed forms, and the functions in them.
import {
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
  StepLR,
  WarmupDecayLR,
  type LRScheduler,
  type Scheduled,
} from "../lib";
import { groupOf, make } from "./helpers/schedules";
import { cos } from "../lib/schedules/cos";
import { pow } from "../lib/schedules/pow";

describe("the closed forms", () => {
  const follow = (schedule: LRScheduler | ChainedScheduler, epochs: number): number[] => {
    const lrs = schedule.getLastLr();
    for (let epoch = 1; epoch <= epochs; ++epoch) {
      schedule.step();
      expect(schedule.last_epoch).toBe(epoch);
      lrs.push(...schedule.getLastLr());
    }
    return lrs;
  };
  const start = 0.3;
  const forms: [string, (optimizer: Scheduled) => LRScheduler | ChainedScheduler, (epoch: number) => number][] = [
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
  const later: typeof forms = [
    ["ConstantLR", (o) => new ConstantLR(o, { factor: 0.25, total_iters: 40 }), (e) => (e < 40 ? start / 4 : start)],
    [
      "PolynomialLR",
      (o) => new PolynomialLR(o, { total_iters: 100, power: 1.5 }),
      (e) => start * Math.max(0, 1 - e / 100) ** 1.5,
    ],
    ["MultiplicativeLR", (o) => new MultiplicativeLR(o, { lr_lambda: (e) => e / (e + 1) }), (e) => start / (e + 1)],
    [
      "CosineAnnealingWarmRestarts",
      (o) => new CosineAnnealingWarmRestarts(o, { T_0: 10, T_mult: 3, eta_min: 0.01 }),
      (e) => {
        const [from, length] = [[0, 10] as const, [10, 30] as const, [40, 90] as const, [130, 270] as const].findLast(
          ([begin]) => e >= begin,
        ) as readonly [number, number];
        return 0.01 + ((start - 0.01) * (1 + Math.cos((Math.PI * (e - from)) / length))) / 2;
      },
    ],
    [
      "CyclicLR",
      (o) => new CyclicLR(o, { base_lr: 0.1, max_lr: 0.5, step_size_up: 20, step_size_down: 5, mode: "triangular2" }),
      (e) => {
        const [at, height] = [e % 25, 0.4 / 2 ** Math.floor(e / 25)];
        return 0.1 + height * (at <= 20 ? at / 20 : (25 - at) / 5);
      },
    ],
    [
      "SWALR",
      (o) => new SWALR(o, { swa_lr: 0.05, anneal_epochs: 40 }),
      (e) => {
        const alpha = (1 - Math.cos((Math.PI * Math.min(e, 40)) / 40)) / 2;
        return 0.05 * alpha + start * (1 - alpha);
      },
    ],
    [
      "ChainedScheduler",
      (o) => {
        const schedulers = [new ConstantLR(o, { factor: 0.5, total_iters: 9 }), new ExponentialLR(o, { gamma: 0.99 })];
        return new ChainedScheduler(o, { schedulers });
      },
      (e) => (e < 9 ? 0.5 : 1) * start * 0.99 ** e,
    ],
  ];
  it.each([...forms, ...later])("%s", (_, schedule, closed) => {
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

it("CyclicLR moves momentum against lr", () => {
  const optimizer = make(1);
  const schedule = new CyclicLR(optimizer, { base_lr: 0.25, max_lr: 1, step_size_up: 2, base_momentum: 0.5, max_momentum: 0.75 });
  const rows = [0, 1, 2, 3, 4].map(() => {
    const { lr, betas } = groupOf(optimizer);
    schedule.step();
    return [lr, betas];
  });
  const wanted = [
    [0.25, 0.75],
    [0.625, 0.625],
    [1, 0.5],
    [0.625, 0.625],
    [0.25, 0.75],
  ];
  expect(rows).toEqual(wanted.map(([lr, momentum]) => [lr, [momentum, 0.999]]));
});

describe("pow is rounded once", () => {
  // Of the doubles, not of the decimals: computed with 90 digits.
  it.each([
    [0.5, 0.5, 0.7071067811865476],
    [0.9, 0.9, 0.9095325760829622],
    [0.97, 123.0, 0.02360061470142679],
    [0.3333333333333333, 2.7, 0.051495895196885515],
    [1.7, 100.25, 1.2662060030578446e23],
    [1e-300, 0.1, 9.999999999999962e-31],
    [5e-324, 0.5, 2.2227587494850775e-162],
    [1e-5, 60.0, 1.0000000000000048e-300],
    [0.9999999999999999, 1000000000000000.0, 0.8949187898136988],
  ])("%f to the power of %f", (x, y, wanted) => expect(pow(x, y)).toBe(wanted));

  it("exactly, where the result is a double", () => {
    for (let k = 1; k < 200; ++k) {
      expect([k, pow(k * k, 0.5), pow(k / 256, 2), pow(k ** 4, 0.75)]).toEqual([k, k, (k / 256) ** 2, k ** 3]);
    }
    expect(pow(134217729, 2)).toBe(134217729 ** 2); // half way between two doubles: to the even one
    expect([pow(0, 0), pow(0, 3), pow(7, 0), pow(3, 1), pow(1, 1e300)]).toEqual([1, 0, 1, 3, 1]);
    expect([pow(2, 1023), pow(2, 1024), pow(2, 1e300), pow(0.5, 1074), pow(0.5, 1080), pow(0.5, 1e300)]).toEqual([
      2 ** 1023,
      Infinity,
      Infinity,
      2 ** -1074,
      0,
      0,
    ]);
  });

  it("and so within a unit in the last place of Math.pow", () => {
    for (let k = 1; k < 2000; ++k) {
      const [x, y] = [k / 1501, (k % 37) / 11];
      const [ours, theirs] = [pow(x, y), x ** y];
      const unit = 2 ** (Math.floor(Math.log2(ours)) - 52);
      expect([x, y, Math.abs(ours - theirs) <= unit]).toEqual([x, y, true]);
    }
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
